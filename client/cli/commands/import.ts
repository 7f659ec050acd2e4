import type { Command } from 'commander';
import { isFailure } from '../../../schemas/errors.ts';
import type { ResultOf } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { listUserTmuxSessions } from '../user-tmux.ts';

type Orphan = ResultOf<'worktree.list'>['orphans'][number];

interface ImportOptions {
  project?: string;
  adopt?: boolean;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('import')
    .description("list worktrees that the daemon does not know, and sessions of the user's own tmux")
    .option('-p, --project <project>', 'the project: id, name or path')
    .option('--adopt', 'take the worktrees over, as they stand, and show the tmux sessions as terminals')
    .action((options: ImportOptions) => importAll(cli, options));
}

async function importAll(cli: Cli, { project, adopt = false }: ImportOptions): Promise<void> {
  const client = await cli.connect();
  const { orphans } = await client.worktree.list({ project: await projectOf(cli, client, project), limit: 1 });
  const tmuxSessions = await listUserTmuxSessions(cli.env);
  const adopted: string[] = [];
  const refused: { path: string; message: string }[] = [];
  // One that cannot be taken must not keep the others from it.
  const take = (path: string, taken: Promise<{ id: string }>): Promise<unknown> =>
    taken.then(
      ({ id }) => adopted.push(id),
      (error: Error) => isKnown(error) || refused.push({ path, message: error.message }),
    );
  if (adopt) {
    for (const { path } of orphans) await take(path, client.worktree.adopt({ path }));
    for (const { name, path, socketPath } of tmuxSessions) await take(path, client.terminal.adopt({ socketPath, session: name }));
  }
  if (refused.length > 0) cli.exitWith(1);
  const { out } = cli;
  if (out.json) return out.document({ worktrees: orphans, tmuxSessions, adopted, refused });
  out.table(
    ['KIND', 'NAME', 'WHERE'],
    [
      ...orphans.map(({ path, branch }: Orphan) => ['worktree', branch ?? '(detached)', path]),
      ...tmuxSessions.map(({ name, path }) => ['tmux', name, path]),
    ],
  );
  for (const { path, message } of refused) out.note(`coppice: "${path}" was not taken over: ${message}`);
  if (adopted.length > 0) out.note(`coppice: ${adopted.length} taken over.`);
  else if (orphans.length + tmuxSessions.length > 0 && !adopt) out.note('coppice: "coppice import --adopt" takes them over.');
}

/** A tmux session that is in view already stays listed: it is still the user's. */
function isKnown(error: Error): boolean {
  return isFailure(error) && error.kind === 'ALREADY_EXISTS' && error.details?.entity === 'terminal';
}
