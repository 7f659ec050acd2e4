import type { Command } from 'commander';
import type { ResultOf, Worktree } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { type Output, statusCell } from '../output.ts';
import { age, counted, printable } from '../text.ts';
import { inProject, type ProjectOption, projectOption, refOf, worktreeArgument } from '../worktree-ref.ts';
import { listRemoved, registerRemoval } from './worktree-removal.ts';
import { registerWork } from './worktree-work.ts';

export function register(program: Command, cli: Cli): void {
  const worktree = program.command('worktree').description('make, list, compare, merge and remove worktrees');
  worktree
    .command('create')
    .description('make a worktree for a branch, new or existing')
    .argument('<branch>')
    .option('-b, --base <commit>', "what a new branch begins at; default: the repository's default branch")
    .option(...projectOption)
    .action((branch: string, options: ProjectOption & { base?: string }) => create(cli, branch, options));
  worktree
    .command('list')
    .description('list worktrees, newest first')
    .option('--removed', 'those that were removed by force and can be restored')
    .option(...projectOption)
    .action(({ project, removed }: ProjectOption & { removed?: boolean }) => (removed ? listRemoved(cli, project) : list(cli, project)));
  worktree
    .command('get')
    .description('show one worktree and what git says of it')
    .argument(...worktreeArgument)
    .option(...projectOption)
    .action((ref: string, options: ProjectOption) => get(cli, ref, options.project));
  worktree
    .command('diff')
    .description('show what changed since the base')
    .argument(...worktreeArgument)
    .option('--patch', 'print the patch itself')
    .option(...projectOption)
    .action((ref: string, options: ProjectOption & { patch?: boolean }) => diff(cli, ref, options));
  registerWork(worktree, cli);
  registerRemoval(worktree, cli);
}

async function create(cli: Cli, branch: string, { base, project }: ProjectOption & { base?: string }): Promise<void> {
  const client = await cli.connect();
  const worktree = await client.worktree.create({
    project: await projectOf(cli, client, project),
    branch,
    ...(base === undefined ? {} : { base }),
  });
  if (cli.out.json) cli.out.document(worktree);
  else cli.out.line(worktree.path);
}

async function list(cli: Cli, project: string | undefined): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  const worktrees: Worktree[] = [];
  let orphans: ResultOf<'worktree.list'>['orphans'] = [];
  let cursor: string | undefined;
  do {
    const page = await client.worktree.list({
      limit: 200,
      ...(project === undefined ? {} : { project }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    worktrees.push(...page.worktrees);
    if (cursor === undefined) orphans = page.orphans;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (out.json) return out.document({ worktrees, orphans });
  const now = Date.now();
  out.table(
    ['BRANCH', 'STATUS', 'AGE', 'BASE', 'ID', 'PATH'],
    worktrees.map((tree) => [
      tree.branch,
      statusCell(tree.retained === undefined ? tree.status : `${tree.status} (retained)`),
      out.terminal ? age(tree.createdAt, now) : tree.createdAt,
      tree.base,
      tree.id,
      tree.path,
    ]),
  );
  for (const orphan of orphans) out.note(printable(`coppice: the worktree at "${orphan.path}" is not the daemon's.`));
}

async function get(cli: Cli, ref: string, project: string | undefined): Promise<void> {
  const client = await cli.connect();
  const tree = await inProject(cli, project, (where) => client.worktree.get({ worktree: refOf(cli, ref), ...where }));
  const { out } = cli;
  if (out.json) return out.document(tree);
  const state = tree.clean === undefined ? '' : tree.clean ? ', clean' : ', with changes';
  const ahead = tree.ahead === undefined ? '' : `, ${tree.ahead} ahead of ${tree.base}`;
  out.line(printable(`${tree.branch} ${tree.id}`));
  out.line(printable(tree.path));
  out.line(printable(`${tree.status}${state}${ahead}`));
  if (tree.retained !== undefined) out.line(printable(`retained: ${tree.retained}`));
}

async function diff(cli: Cli, ref: string, { patch = false, project }: ProjectOption & { patch?: boolean }): Promise<void> {
  const client = await cli.connect();
  const result = await inProject(cli, project, (where) => client.worktree.diff({ worktree: refOf(cli, ref), patch, ...where }));
  if (cli.out.json) cli.out.document(result);
  else printDiff(cli.out, result);
}

function printDiff(out: Output, result: ResultOf<'worktree.diff'>): void {
  if (result.patch !== undefined) {
    out.draw(result.patch);
    if (result.patchTruncated) out.note('coppice: The patch is longer than one answer may be and was cut.');
    return;
  }
  const rows = (['committed', 'staged', 'unstaged'] as const).flatMap((group) =>
    result[group].map((change) => [
      group,
      change.status,
      change.additions === undefined ? '' : `+${change.additions}`,
      change.deletions === undefined ? '' : `-${change.deletions}`,
      change.from === undefined ? change.path : `${change.from} -> ${change.path}`,
    ]),
  );
  out.table(['WHERE', 'CHANGE', '+', '-', 'PATH'], [...rows, ...result.untracked.map((path) => ['untracked', 'added', '', '', path])]);
  const { files, additions, deletions, commits } = result.summary;
  out.line(`${counted(files, 'file')}, +${additions} -${deletions}, ${counted(commits, 'commit')}`);
}
