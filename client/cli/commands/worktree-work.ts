// What becomes of the work in a worktree: a commit, a merge, a pull request; and which branches are in each other's way.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ParamsOf } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { counted, printable } from '../text.ts';
import { inProject, type ProjectOption, projectOption, refOf, worktreeArgument } from '../worktree-ref.ts';

type MergeMode = NonNullable<ParamsOf<'worktree.merge'>['mode']>;
const modes: readonly MergeMode[] = ['ff', 'no-ff', 'squash', 'rebase'];

export function registerWork(worktree: Command, cli: Cli): void {
  worktree
    .command('adopt')
    .description('take over a linked worktree that somebody else made, as it stands')
    .argument('<path>')
    .action((path: string) => adopt(cli, path));
  worktree
    .command('commit')
    .description('commit what is staged')
    .argument(...worktreeArgument)
    .requiredOption('-m, --message <text>', 'the message: a short first line, an empty one, then the rest')
    .option('-a, --all', 'stage every change first, untracked files too')
    .option(...projectOption)
    .action((ref: string, options: CommitOptions) => commit(cli, ref, options));
  worktree
    .command('merge')
    .description('merge the branch into another one, without touching a checkout of yours')
    .argument(...worktreeArgument)
    .option('-i, --into <branch>', "default: the repository's default branch")
    .addOption(new Option('--mode <mode>', 'how').choices(modes).default('no-ff'))
    .option('-m, --message <text>', 'the message of the commit that no-ff or squash makes')
    .option(...projectOption)
    .action((ref: string, options: MergeOptions) => merge(cli, ref, options));
  worktree
    .command('pr')
    .description('push the branch and open a pull request with gh')
    .argument(...worktreeArgument)
    .requiredOption('-t, --title <text>', 'the title of the pull request')
    .option('--body <text>', 'the description; "-" reads it from stdin', '')
    .option('-b, --base <branch>', 'where it is to be merged')
    .option('--draft', 'open it as a draft')
    .option('-r, --remote <name>', 'where to push', 'origin')
    .option(...projectOption)
    .action((ref: string, options: PullRequestOptions) => openPullRequest(cli, ref, options));
  worktree
    .command('conflicts')
    .description('tell which live branches would conflict with each other')
    .argument('[project]', 'id, name or path; default: that of the working directory')
    .option('--branch <branch...>', 'only these branches')
    .action((project: string | undefined, options: { branch?: string[] }) => conflicts(cli, project, options.branch));
}

async function adopt(cli: Cli, path: string): Promise<void> {
  const client = await cli.connect();
  const adopted = await client.worktree.adopt({ path: resolve(cli.cwd, path) });
  if (cli.out.json) cli.out.document(adopted);
  else cli.out.line(printable(`${adopted.branch} ${adopted.id}`));
}

interface CommitOptions extends ProjectOption {
  message: string;
  all?: boolean;
}

async function commit(cli: Cli, ref: string, { message, all = false, project }: CommitOptions): Promise<void> {
  const client = await cli.connect();
  const made = await inProject(cli, project, (where) => client.worktree.commit({ worktree: refOf(cli, ref), message, all, ...where }));
  if (cli.out.json) cli.out.document(made);
  else cli.out.line(`${made.commit} ${counted(made.files, 'file')}`);
}

interface MergeOptions extends ProjectOption {
  into?: string;
  mode: MergeMode;
  message?: string;
}

async function merge(cli: Cli, ref: string, { project, ...options }: MergeOptions): Promise<void> {
  const client = await cli.connect();
  const merged = await inProject(cli, project, (where) => client.worktree.merge({ worktree: refOf(cli, ref), ...options, ...where }));
  if (cli.out.json) return cli.out.document(merged);
  const text = merged.upToDate ? `${merged.into} has it already` : `${merged.into} ${merged.before} -> ${merged.commit}`;
  cli.out.line(printable(text));
}

interface PullRequestOptions extends ProjectOption {
  title: string;
  body: string;
  base?: string;
  draft?: boolean;
  remote: string;
}

async function openPullRequest(cli: Cli, ref: string, { project, ...options }: PullRequestOptions): Promise<void> {
  const { readAll } = await import('../read-input.ts');
  const body = options.body === '-' ? await readAll(cli.stdin) : options.body;
  const client = await cli.connect();
  const wanted = { worktree: refOf(cli, ref), ...options, body };
  const opened = await inProject(cli, project, (where) => client.worktree.openPullRequest({ ...wanted, ...where }));
  if (cli.out.json) cli.out.document(opened);
  else cli.out.line(printable(opened.url));
}

async function conflicts(cli: Cli, named: string | undefined, branches: string[] | undefined): Promise<void> {
  const client = await cli.connect();
  const project = await projectOf(cli, client, named === undefined ? undefined : refOf(cli, named));
  const found = await client.worktree.predictConflicts({ project, ...(branches === undefined ? {} : { branches }) });
  if (cli.out.json) return cli.out.document(found);
  cli.out.table(
    ['BRANCH', 'WITH', 'FILES'],
    found.conflicts.map(({ a, b, files }) => [a, b, files.join(' ')]),
  );
  if (found.conflicts.length === 0) cli.out.note(`coppice: ${found.branches.length} branches, none in the way of another.`);
}
