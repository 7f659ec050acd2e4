import type { Command } from 'commander';
import type { Permission } from '../../../schemas/index.ts';
import type { Client } from '../../client.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { inProjectOption, taskRef } from '../task-ref.ts';
import { age } from '../text.ts';

interface ListOptions {
  task?: string;
  project?: string;
  all?: boolean;
}

export function register(program: Command, cli: Cli): void {
  const permission = program.command('permission').description('what agents ask before they do something');
  permission
    .command('list')
    .description('list what waits for an answer, newest first')
    .option('-t, --task <task>', 'only of a spec task: id or number')
    .option('-a, --all', 'what was answered or withdrawn, too')
    .option(...inProjectOption)
    .action((options: ListOptions) => list(cli, options));
  permission
    .command('answer')
    .description('answer one; the first valid answer wins')
    .argument('<id>')
    .argument('<option>', 'id or kind of an option as list shows it; "allow" and "reject" are those for this once')
    .action((id: string, word: string) => answer(cli, id, word));
}

async function list(cli: Cli, { task, project, all }: ListOptions): Promise<void> {
  const specTask = task === undefined ? undefined : await specTaskId(cli, task, project);
  const client = await cli.connect();
  const wanted = { ...(specTask === undefined ? {} : { specTask }), ...(all ? {} : { status: 'pending' as const }) };
  const permissions = await everyPage((page) => client.permission.list({ ...page, ...wanted }), 'permissions');
  const { out } = cli;
  if (out.json) return out.document({ permissions });
  const now = Date.now();
  out.table(
    ['ID', 'STATUS', 'AGE', 'WORK SESSION', 'OPTIONS', 'TITLE'],
    permissions.map(({ id, status, answer: chosen, requestedAt, workSessionId, options, title }) => [
      ...[id, chosen === undefined ? status : `${status}: ${chosen}`, out.terminal ? age(requestedAt, now) : requestedAt, workSessionId],
      options.map(({ optionId, kind }) => (optionId === kind ? kind : `${optionId} (${kind})`)).join(', '),
      title,
    ]),
  );
}

async function answer(cli: Cli, id: string, word: string): Promise<void> {
  const client = await cli.connect();
  const asked = await pendingOf(client, id);
  // What is not there any more is told by the daemon, which knows what became of it.
  const permission = await client.permission.answer({ id, optionId: optionOf(asked, word) ?? word });
  if (cli.out.json) cli.out.document(permission);
  else cli.out.line(`${id} ${permission.status}: ${permission.answer ?? ''}`);
}

/** Permissions know spec tasks by their id only. */
async function specTaskId(cli: Cli, task: string, project: string | undefined): Promise<string> {
  return (await (await cli.connect()).specTask.get(taskRef(cli, task, project))).id;
}

async function pendingOf(client: Client, id: string): Promise<Permission | undefined> {
  const pending = await everyPage((page) => client.permission.list({ ...page, status: 'pending' }), 'permissions');
  return pending.find((permission) => permission.id === id);
}

function optionOf(asked: Permission | undefined, word: string): string | undefined {
  const options = asked?.options ?? [];
  const found =
    options.find(({ optionId }) => optionId === word) ??
    options.find(({ kind }) => kind === word) ??
    options.find(({ kind }) => kind === `${word}_once`);
  return found?.optionId;
}
