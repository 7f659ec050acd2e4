import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ParamsOf, Revision } from '../../../schemas/index.ts';
import { documents } from '../../../schemas/task-words.ts';
import type { Client } from '../../client.ts';
import { approveRevision } from '../approve-revision.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../key-values.ts';
import { choice } from '../options.ts';
import { statusCell } from '../output.ts';
import { readAll, readText } from '../read-input.ts';
import { inProjectOption, taskArgument, taskRef } from '../task-ref.ts';
import { tellTask } from '../tell-task.ts';
import { oneLine, printable } from '../text.ts';

interface RevisionOptions {
  project?: string;
  revision?: number;
}

type Ref = ReturnType<typeof taskRef>;
type Document = (typeof documents)[number];

const revisionOption = ['-r, --revision <n>', 'which one; default: the newest', wholeNumber('--revision', 1)] as const;

export function registerTaskReview(task: Command, cli: Cli): void {
  task
    .command('specs')
    .description('print the documents of a revision')
    .argument(...taskArgument)
    .option(...revisionOption)
    .option('-d, --document <name>', 'only requirements, design or plan', choice('--document', documents))
    .option(...inProjectOption)
    .action((ref: string, options: RevisionOptions & { document?: Document }) => specs(cli, ref, options));
  task
    .command('submit')
    .description('hand in requirements.md, design.md and plan.md of a folder as a new revision')
    .argument('[task]', 'id, or number within the project; default: the one of this session')
    .option('-d, --dir <folder>', 'where they are', 'specs')
    .option('--plan <file>', 'only a plan, from this file; "-" reads it from stdin')
    .option('--commit <commit>', 'where they are committed, for the record')
    .option(...inProjectOption)
    .action((ref: string | undefined, options: SubmitOptions) => submit(cli, ref, options));
  task
    .command('approve')
    .description('approve one exact revision, and implement it')
    .argument(...taskArgument)
    .option(...revisionOption)
    .option('--no-start', 'only approve; "coppice task implement" starts the work')
    .option(...inProjectOption)
    .action((ref: string, options: RevisionOptions & { start: boolean }) => approve(cli, ref, options));
  task
    .command('reject')
    .description('send a revision back to its planner with all open comments')
    .argument(...taskArgument)
    .argument('[comment]', 'what is to change; "-" reads it from stdin')
    .option(...revisionOption)
    .option(...inProjectOption)
    .action((ref: string, comment: string | undefined, options: RevisionOptions) => reject(cli, ref, comment, options));
  task
    .command('comment')
    .description('comment on a revision; an open comment stands in the way of an approval')
    .argument(...taskArgument)
    .argument('<text>', '"-" reads it from stdin')
    .option('-d, --document <name>', 'requirements, design or plan', choice('--document', documents), 'plan')
    .option('-l, --line <n>', 'the line that it is about', wholeNumber('--line', 1))
    .option('-q, --quote <text>', 'the text that it is about, literally')
    .option('--remark', 'it stands in nobody’s way')
    .option(...revisionOption)
    .option(...inProjectOption)
    .action((ref: string, text: string, options: CommentOptions) => comment(cli, ref, text, options));
  task
    .command('comments')
    .description('list what was said of the revisions, newest first')
    .argument(...taskArgument)
    .option('-o, --open', 'only what is open')
    .option(...inProjectOption)
    .action((ref: string, options: { project?: string; open?: boolean }) => comments(cli, ref, options));
  task
    .command('resolve')
    .description('mark comments as resolved')
    .argument('<comment...>', 'ids')
    .option('--reopen', 'open them again')
    .action((ids: string[], options: { reopen?: boolean }) => resolveComments(cli, ids, !options.reopen));
}

/** The one that was named, or the newest as it is now: what is decided is always one exact number. */
async function numberOf(client: Client, ref: Ref, named: number | undefined): Promise<number> {
  return named ?? (await client.specTask.getSpecs(ref)).number;
}

async function specs(cli: Cli, named: string, { project, revision, document }: RevisionOptions & { document?: Document }): Promise<void> {
  const client = await cli.connect();
  const found = await client.specTask.getSpecs({ ...taskRef(cli, named, project), ...(revision === undefined ? {} : { revision }) });
  if (cli.out.json) return cli.out.document(found);
  if (document !== undefined) return cli.out.line(printable(found[document]));
  cli.out.line(`Revision ${found.number}, ${found.status.replaceAll('_', ' ')}, by ${found.source}`);
  for (const name of documents) {
    if (found[name].trim() === '') continue;
    cli.out.line(`\n${cli.out.paint(`${name}.md`, 'bold')}\n`);
    cli.out.line(printable(found[name]));
  }
}

interface SubmitOptions {
  dir: string;
  plan?: string;
  commit?: string;
  project?: string;
}

async function submit(cli: Cli, named: string | undefined, { dir, plan: planFile, commit, project }: SubmitOptions): Promise<void> {
  const ref = taskRef(cli, named, project);
  const written = planFile === undefined ? await readFolder(resolve(cli.cwd, dir)) : { plan: await readText(planFile, cli) };
  const client = await cli.connect();
  // Inside of a session it is the planner's own.
  const source = cli.env.COPPICE_SPEC_TASK_ID === undefined ? 'human' : 'agent';
  const revision = await client.specTask.submitSpecs({ ...ref, ...written, source, ...(commit === undefined ? {} : { commit }) });
  if (cli.out.json) cli.out.document(revision);
  else tellRevision(cli, revision);
}

function tellRevision(cli: Cli, { specTaskId, number, status }: Revision): void {
  cli.out.line(`${specTaskId} revision ${number} ${status}`);
}

async function readFolder(folder: string): Promise<Pick<ParamsOf<'specTask.submitSpecs'>, 'requirements' | 'design' | 'plan'>> {
  const { readFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const textOf = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(join(folder, name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new UsageError(`The file "${join(folder, name)}" cannot be read: ${(cause as Error).message}.`, { cause });
    }
  };
  const plan = await textOf('plan.md');
  if (plan === undefined)
    throw new UsageError(`There is no "${join(folder, 'plan.md')}"; name its folder with --dir, or a plan with --plan.`);
  return { requirements: (await textOf('requirements.md')) ?? '', design: (await textOf('design.md')) ?? '', plan };
}

async function approve(cli: Cli, named: string, { project, revision, start }: RevisionOptions & { start: boolean }): Promise<void> {
  const client = await cli.connect();
  const ref = taskRef(cli, named, project);
  const number = await numberOf(client, ref, revision);
  tellTask(cli.out, await approveRevision(client, { ...ref, revision: number, start }));
}

async function reject(cli: Cli, named: string, text: string | undefined, { project, revision }: RevisionOptions): Promise<void> {
  const said = text === '-' ? await readAll(cli.stdin) : text;
  const client = await cli.connect();
  const ref = taskRef(cli, named, project);
  const number = await numberOf(client, ref, revision);
  const task = await client.specTask.requestChanges({ ...ref, revision: number, ...(said === undefined ? {} : { comment: said }) });
  tellTask(cli.out, task);
}

interface CommentOptions extends RevisionOptions {
  document: Document;
  line?: number;
  quote?: string;
  remark?: boolean;
}

async function comment(cli: Cli, named: string, text: string, options: CommentOptions): Promise<void> {
  const { document, line, quote, remark, project, revision } = options;
  const body = text === '-' ? await readAll(cli.stdin) : text;
  const client = await cli.connect();
  const { id, ...where } = taskRef(cli, named, project);
  const number = await numberOf(client, { id, ...where }, revision);
  const place = { document, ...(line === undefined ? {} : { line }), ...(quote === undefined ? {} : { quote }) };
  const made = await client.review.addComment({ specTask: id, ...where, revision: number, ...place, body, blocking: !remark });
  if (cli.out.json) cli.out.document(made);
  else cli.out.line(made.id);
}

async function comments(cli: Cli, named: string, { project, open }: { project?: string; open?: boolean }): Promise<void> {
  const client = await cli.connect();
  const { id, ...where } = taskRef(cli, named, project);
  const filter = { specTask: id, ...where, ...(open ? { status: 'open' as const } : {}) };
  const found = await everyPage((page) => client.review.list({ ...filter, ...page }), 'comments');
  if (cli.out.json) return cli.out.document({ comments: found });
  cli.out.table(
    ['ID', 'REVISION', 'STATUS', 'PLACE', 'AUTHOR', 'COMMENT'],
    found.map((one) => [
      ...[one.id, one.revision, statusCell(one.status), one.line === undefined ? one.document : `${one.document}:${one.line}`],
      ...[one.author, oneLine(one.body)],
    ]),
  );
}

async function resolveComments(cli: Cli, ids: readonly string[], resolved: boolean): Promise<void> {
  const client = await cli.connect();
  const done = [];
  for (const id of ids) done.push(await client.review.resolveComment({ id, resolved }));
  if (cli.out.json) cli.out.document({ comments: done });
  else for (const { id, status } of done) cli.out.line(`${id} ${status}`);
}
