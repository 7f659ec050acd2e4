import type { Command } from 'commander';
import { Failure } from '../../../schemas/errors.ts';
import type { WorkSession } from '../../../schemas/index.ts';
import type { Client } from '../../client.ts';
import { runInherited } from '../attach-to.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { UsageError } from '../exit-codes.ts';
import { inProjectOption, taskRef } from '../task-ref.ts';

interface OpenOptions {
  task?: string;
  project?: string;
  editor: string;
}

export function registerWorkOpen(work: Command, cli: Cli): void {
  work
    .command('open')
    .description('open the worktrees of work sessions in an editor')
    .argument('[work-session...]', 'id, or id or slug of its session')
    .option('-t, --task <task>', 'all of one spec task: id, or number within the project')
    .option(...inProjectOption)
    .option('-e, --editor <program>', 'what opens folders that it gets as arguments', 'zed')
    .action((refs: string[], options: OpenOptions) => open(cli, refs, options));
}

async function open(cli: Cli, refs: readonly string[], options: OpenOptions): Promise<void> {
  if ((refs.length === 0) === (options.task === undefined)) throw new UsageError('Name work sessions, or a spec task with --task.');
  const client = await cli.connect();
  const found = await wanted(cli, client, refs, options);
  const paths = found.flatMap(({ worktreePath, status }) => (worktreePath === undefined || status === 'completed' ? [] : [worktreePath]));
  if (paths.length === 0) {
    const names = found.map(({ name }) => `"${name}"`).join(', ');
    throw new Failure('PRECONDITION', `Nothing to open: ${names || 'the spec task'} has no worktree now.`, {
      details: { reason: 'no_worktree' },
    });
  }
  await client.close();
  cli.exitWith(await runInherited([options.editor, ...paths]));
}

async function wanted(cli: Cli, client: Client, refs: readonly string[], { task, project }: OpenOptions): Promise<WorkSession[]> {
  if (task === undefined) return Promise.all(refs.map((id) => client.workSession.get({ id })));
  const { id } = await client.specTask.get(taskRef(cli, task, project));
  return everyPage((page) => client.workSession.list({ specTask: id, ...page }), 'workSessions');
}
