// Removing worktrees, and bringing back what was removed by force.
import type { Command } from 'commander';
import type { RemovedWorktree } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { age, printable } from '../text.ts';
import { inProject, type ProjectOption, projectOption, refOf, worktreeArgument } from '../worktree-ref.ts';

interface RemoveOptions extends ProjectOption {
  force?: boolean;
}

export function registerRemoval(worktree: Command, cli: Cli): void {
  worktree
    .command('rm')
    .description('remove a worktree when nothing is lost with it')
    .argument(...worktreeArgument)
    .option('-f, --force', 'save what is not committed or merged, then remove; "restore" brings it back')
    .option(...projectOption)
    .action((ref: string, options: RemoveOptions) => remove(cli, ref, options));
  worktree
    .command('restore')
    .description('bring back a worktree that was removed by force')
    .argument('<id>', 'as "worktree list --removed" shows it')
    .action((id: string) => restore(cli, id));
}

async function remove(cli: Cli, ref: string, { project, force = false }: RemoveOptions): Promise<void> {
  const client = await cli.connect();
  const wanted = { worktree: refOf(cli, ref), callerDirectory: cli.cwd, ...(force ? { force } : {}) };
  const result = await inProject(cli, project, (where) => client.worktree.remove({ ...wanted, ...where }));
  if (cli.out.json) return cli.out.document(result);
  cli.out.line(`${printable(ref)} removed${result.branchDeleted ? ', with its branch' : ''}`);
  const id = result.savedAs?.slice(result.savedAs.lastIndexOf('/') + 1);
  if (id !== undefined) cli.out.note(`coppice: Its work is saved; "coppice worktree restore ${id}" brings it back.`);
}

async function restore(cli: Cli, id: string): Promise<void> {
  const client = await cli.connect();
  const back = await client.worktree.restore({ id });
  if (cli.out.json) return cli.out.document(back);
  cli.out.line(back.path);
  for (const warning of back.warnings) cli.out.note(printable(`coppice: ${warning}`));
}

export async function listRemoved(cli: Cli, project: string | undefined): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  const removed: RemovedWorktree[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.worktree.listRemoved({
      limit: 200,
      ...(project === undefined ? {} : { project }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    removed.push(...page.removed);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (out.json) return out.document({ removed });
  const now = Date.now();
  out.table(
    ['BRANCH', 'FILES', 'REMOVED', 'ID', 'PATH'],
    removed.map((tree) => [tree.branch, tree.files, out.terminal ? age(tree.removedAt, now) : tree.removedAt, tree.id, tree.path]),
  );
}
