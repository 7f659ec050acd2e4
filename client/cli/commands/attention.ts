import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { printFacts } from '../facts.ts';
import { inProjectOption, taskRef } from '../task-ref.ts';
import { age, printable } from '../text.ts';

interface ListOptions {
  task?: string;
  project?: string;
  cleared?: boolean;
}

export function register(program: Command, cli: Cli): void {
  const attention = program.command('attention').description('what waits for a human');
  attention
    .command('list', { isDefault: true })
    .description('list what waits, newest first')
    .option('-t, --task <task>', 'only of a spec task: id or number')
    .option('--cleared', 'what waits no more')
    .option(...inProjectOption)
    .action((options: ListOptions) => list(cli, options));
  attention
    .command('show')
    .description('show one of them, and what to do')
    .argument('<id>')
    .action((id: string) => show(cli, id));
  attention
    .command('clear')
    .description('take some off the list; what they are about is not answered by that')
    .argument('<id...>')
    .action((ids: string[]) => clear(cli, ids));
}

async function list(cli: Cli, { task, project, cleared }: ListOptions): Promise<void> {
  const { id, ...inProject } = task === undefined ? { id: undefined } : taskRef(cli, task, project);
  const wanted = {
    ...(id === undefined ? {} : { specTask: id }),
    ...(project === undefined ? inProject : { project }),
    ...(cleared ? { status: 'cleared' as const } : {}),
  };
  const client = await cli.connect();
  const attention = await everyPage((page) => client.attention.list({ ...page, ...wanted }), 'attention');
  const { out } = cli;
  if (out.json) return out.document({ attention });
  const now = Date.now();
  out.table(
    ['ID', 'KIND', 'AGE', 'TITLE'],
    attention.map(({ id: attentionId, kind, raisedAt, title }) => [
      attentionId,
      { text: kind, colour: 'yellow' },
      out.terminal ? age(raisedAt, now) : raisedAt,
      title,
    ]),
  );
}

async function show(cli: Cli, named: string): Promise<void> {
  const attention = await (await cli.connect()).attention.get({ id: named });
  const { out } = cli;
  if (out.json) return out.document(attention);
  const { id, kind, status, title, detail, remedy, specTaskId, workSessionId, sessionId, raisedAt, clearedAt, clearedBy } = attention;
  out.line(out.paint(printable(title), 'bold'));
  printFacts(out, [
    ['id', id],
    ['kind', kind],
    ['status', clearedBy === undefined ? status : `${status} by ${clearedBy}`],
    ['raised', raisedAt],
    ['cleared', clearedAt],
    ['spec task', specTaskId],
    ['work', workSessionId],
    ['session', sessionId],
    ['remedy', remedy],
  ]);
  if (detail !== undefined) out.line(`\n${printable(detail)}`);
}

async function clear(cli: Cli, ids: readonly string[]): Promise<void> {
  const client = await cli.connect();
  for (const id of ids) {
    const attention = await client.attention.clear({ id });
    if (cli.out.json) cli.out.document(attention);
    else cli.out.line(`${id} cleared`);
  }
}
