import type { Command } from 'commander';
import type { ResultOf, WorkSession } from '../../../schemas/index.ts';
import { workSessionStatuses } from '../../../schemas/task-words.ts';
import type { WorkSessionStatus } from '../../../schemas/work-session.ts';
import { runInherited } from '../attach-to.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { UsageError } from '../exit-codes.ts';
import { printFacts } from '../facts.ts';
import { choice } from '../options.ts';
import { type Output, statusColour } from '../output.ts';
import { inProjectOption, taskRef, workArgument, workRef } from '../task-ref.ts';
import { statusText } from '../tell-work.ts';
import { age, oneLine, printable } from '../text.ts';

interface ListOptions {
  task?: string;
  project?: string;
  status?: WorkSessionStatus[];
}

export function registerWorkView(work: Command, cli: Cli): void {
  const isStatus = choice('--status', workSessionStatuses);
  work
    .command('list')
    .description('list work sessions, newest first')
    .option('-t, --task <task>', 'only those of one spec task: id, or number within the project')
    .option('-s, --status <status>', 'only those; again for more of them', (text, before: WorkSessionStatus[] = []) => [
      ...before,
      isStatus(text),
    ])
    .option(...inProjectOption)
    .action((options: ListOptions) => list(cli, options));
  work
    .command('show')
    .description('show one work session')
    .argument(...workArgument)
    .action((ref: string) => show(cli, ref));
  work
    .command('diff')
    .description('show what a work session changed since its base')
    .argument(...workArgument)
    .option('--patch', 'the changes themselves')
    .action((ref: string, options: { patch?: boolean }) => diff(cli, ref, options.patch ?? false));
  work
    .command('attach')
    .description('watch the agent of a work session')
    .argument(...workArgument)
    .action((ref: string) => attach(cli, ref));
  work
    .command('prompts')
    .description('list the prompts of a work session and how far they came, newest first')
    .argument('[work-session]', 'default: the one of this session')
    .action((ref: string | undefined) => prompts(cli, workRef(cli, ref)));
}

async function list(cli: Cli, { task, project, status }: ListOptions): Promise<void> {
  const client = await cli.connect();
  const ofTask = task === undefined ? {} : { specTask: (await client.specTask.get(taskRef(cli, task, project))).id };
  const ofProject = project === undefined || task !== undefined ? {} : { project };
  const filter = { ...ofTask, ...ofProject, ...(status === undefined ? {} : { status }) };
  const workSessions = await everyPage((page) => client.workSession.list({ ...filter, ...page }), 'workSessions');
  if (cli.out.json) return cli.out.document({ workSessions });
  const now = Date.now();
  cli.out.table(
    ['ID', 'STATUS', 'AGENT', 'STATE', 'AGE', 'WAITS', 'NAME'],
    workSessions.map((one) => [
      ...[one.id, { text: statusText(one), colour: statusColour(one.status) }, one.agent, one.agentState?.state, age(one.createdAt, now)],
      ...[one.waitsFor ?? one.blockedDetail, one.name],
    ]),
  );
}

async function show(cli: Cli, ref: string): Promise<void> {
  const found = await (await cli.connect()).workSession.get({ id: ref });
  if (cli.out.json) cli.out.document(found);
  else print(cli.out, found);
}

function print(out: Output, one: WorkSession): void {
  printFacts(out, [
    ['work', `${one.id} (${one.kind}${one.required ? '' : ', optional'})`],
    ['name', oneLine(one.name)],
    ['task', one.specTaskId],
    ['status', statusText(one)],
    ['why', one.blockedDetail ?? one.waitsFor],
    ['error', one.lastError],
    ['agent', one.agentState === undefined ? one.agent : `${one.agent} ${one.agentState.state} (by ${one.agentState.source})`],
    ['session', one.sessionId],
    ['parent', one.parentId],
    ['branch', one.branch],
    ['worktree', one.worktreePath],
    ['merged', one.mergedCommit],
    ['attempt', one.attempt === 1 ? undefined : one.attempt],
    ['progress', one.progress === undefined ? undefined : `${Math.round(one.progress * 100)}%`],
    ['summary', one.summary],
    ['created', one.createdAt],
    ['started', one.startedAt],
    ['ended', one.endedAt],
  ]);
  if (one.description.trim() !== '') out.line(`\n${printable(one.description)}`);
}

async function diff(cli: Cli, ref: string, patch: boolean): Promise<void> {
  const found = await (await cli.connect()).workSession.diff({ id: ref, patch });
  if (cli.out.json) cli.out.document(found);
  else if (patch) cli.out.line(printable(found.patch ?? ''));
  else printChanges(cli.out, found);
}

function printChanges(out: Output, { committed, staged, unstaged, untracked }: ResultOf<'workSession.diff'>): void {
  const rows = (where: string, changes: typeof committed) => changes.map(({ path, status }) => [where, status, path]);
  out.table(
    ['WHERE', 'CHANGE', 'FILE'],
    [
      ...[...rows('committed', committed), ...rows('staged', staged), ...rows('unstaged', unstaged)],
      ...untracked.map((path) => ['untracked', '', path]),
    ],
  );
}

async function attach(cli: Cli, ref: string): Promise<void> {
  const client = await cli.connect();
  const { TMUX } = cli.env;
  const found = await client.workSession.attach({ id: ref, ...(TMUX ? { insideTmux: TMUX } : {}) });
  if (cli.out.json) return cli.out.document(found);
  if (!cli.interactive) throw new UsageError(`Attaching to "${ref}" needs a terminal; "coppice work show" tells how it stands.`);
  // It may be watched for days; nothing is asked of the daemon meanwhile.
  await client.close();
  cli.exitWith(await runInherited(found.argv));
}

async function prompts(cli: Cli, ref: string): Promise<void> {
  const client = await cli.connect();
  const found = await everyPage((page) => client.workSession.listPrompts({ id: ref, ...page }), 'prompts');
  if (cli.out.json) return cli.out.document({ prompts: found });
  cli.out.table(
    ['ID', 'STATUS', 'ORIGIN', 'FAILURE', 'PROMPT'],
    found.map(({ id, status, origin, failure, content }) => [id, status, origin, failure, oneLine(content)]),
  );
}
