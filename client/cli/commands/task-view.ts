import type { Command } from 'commander';
import type { ResultOf, SpecTask } from '../../../schemas/index.ts';
import type { SpecTaskStatus } from '../../../schemas/spec-task.ts';
import { specTaskStatuses } from '../../../schemas/task-words.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { printFacts } from '../facts.ts';
import { choice } from '../options.ts';
import { type Output, statusCell } from '../output.ts';
import { inProjectOption, taskArgument, taskRef } from '../task-ref.ts';
import { age, oneLine, printable } from '../text.ts';

interface ListOptions {
  project?: string;
  status?: SpecTaskStatus[];
  archived?: boolean;
}

type Overview = ResultOf<'specTask.overview'>;
type ProjectOption = { project?: string };

export function registerTaskView(task: Command, cli: Cli): void {
  const isStatus = choice('--status', specTaskStatuses);
  task
    .command('list')
    .description('list spec tasks, newest first')
    .option('-p, --project <project>', 'only those of one project: id, name or path')
    .option('-s, --status <status>', 'only those; again for more of them', (text, before: SpecTaskStatus[] = []) => [
      ...before,
      isStatus(text),
    ])
    .option('-a, --archived', 'those that were put away, too')
    .action((options: ListOptions) => list(cli, options));
  task
    .command('show')
    .description('show one spec task')
    .argument(...taskArgument)
    .option(...inProjectOption)
    .action(async (ref: string, { project }: ProjectOption) => {
      const found = await (await cli.connect()).specTask.get(taskRef(cli, ref, project));
      if (cli.out.json) cli.out.document(found);
      else printTask(cli.out, found);
    });
  task
    .command('overview')
    .description('show how a spec task stands: its items, work sessions, and what waits for you')
    .argument(...taskArgument)
    .option(...inProjectOption)
    .action(async (ref: string, { project }: ProjectOption) => {
      const overview = await (await cli.connect()).specTask.overview(taskRef(cli, ref, project));
      if (cli.out.json) cli.out.document(overview);
      else printOverview(cli.out, overview);
    });
  task
    .command('progress')
    .description('tell how far a spec task is')
    .argument(...taskArgument)
    .option(...inProjectOption)
    .action(async (ref: string, { project }: ProjectOption) => {
      const progress = await (await cli.connect()).specTask.progress(taskRef(cli, ref, project));
      if (cli.out.json) cli.out.document(progress);
      else printFacts(cli.out, progressFacts(progress));
    });
}

async function list(cli: Cli, { project, status, archived }: ListOptions): Promise<void> {
  const client = await cli.connect();
  const filter = {
    ...(project === undefined ? {} : { project }),
    ...(status === undefined ? {} : { status }),
    archived: archived ?? false,
  };
  const specTasks = await everyPage((page) => client.specTask.list({ ...filter, ...page }), 'specTasks');
  if (cli.out.json) return cli.out.document({ specTasks });
  const now = Date.now();
  cli.out.table(
    ['#', 'ID', 'STATUS', 'PRIORITY', 'REVISION', 'AGE', 'NAME'],
    specTasks.map(({ number, id, status: is, priority, revision, createdAt, name }) => [
      ...[number, id, statusCell(is), priority, revision === 0 ? '' : revision, age(createdAt, now), name],
    ]),
  );
}

function printTask(out: Output, task: SpecTask): void {
  printFacts(out, [
    ['task', `#${task.number} ${task.id}`],
    ['name', oneLine(task.name)],
    ['status', task.status],
    ['error', task.lastError],
    ['type', `${task.type}, ${task.priority}`],
    ['revision', task.revision === 0 ? undefined : `${task.revision}${task.approvedRevision === task.revision ? ' (approved)' : ''}`],
    ['planner', task.skipPlanning ? 'none' : task.planningAgent],
    ['agents', `${task.implementationAgents.join(', ')} (${task.adapter})`],
    ['base', task.baseBranch],
    ['branch', task.integrationBranch],
    ['landing', task.landing],
    ['landed', task.landedCommit ?? task.pullRequestUrl],
    ['source', task.source?.key],
    ['planning', task.planningSessionId],
    ['created', `${task.createdAt} by ${task.createdBy}`],
    ['ended', task.endedAt],
  ]);
  out.line('');
  out.line(printable(task.prompt));
}

function progressFacts({ overallProgress, weighted, planning, implementation, validation, counts }: Overview['progress']) {
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  return [
    ['done', percent(overallProgress)],
    ['progress', `${percent(weighted)} (planning ${percent(planning)}, work ${percent(implementation)}, merged ${percent(validation)})`],
    ['items', countsText(counts)],
  ] as const;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([status, count]) => `${count} ${status.replaceAll('_', ' ')}`)
    .join(', ');
}

function printOverview(out: Output, { specTask, progress, implTasks, workSessions, instance, attention, criticalPath }: Overview): void {
  printFacts(out, [
    ['task', `#${specTask.number} ${specTask.id} ${oneLine(specTask.name)}`],
    ['status', specTask.status],
    ['error', specTask.lastError],
    ...progressFacts(progress),
    ['longest', criticalPath.join(' → ')],
    ['instance', instance && `${instance.id} ${instance.adapter} ${instance.status}`],
  ]);
  if (implTasks.length > 0) {
    const sessionOf = new Map(workSessions.map((one) => [one.id, one]));
    out.line('');
    out.table(
      ['LABEL', 'STATUS', 'STAGE', 'AGENT', 'WORK SESSION', 'WAITS', 'TITLE'],
      implTasks.map(({ label, status, title, workSessionId, waitsFor }) => {
        const session = workSessionId === undefined ? undefined : sessionOf.get(workSessionId);
        const stage = session?.blockedReason ?? session?.stage;
        return [label, statusCell(status), stage, session?.agent, session?.id, waitsFor ?? session?.blockedDetail, title];
      }),
    );
  }
  const others = workSessions.filter(({ implTaskId }) => implTaskId === undefined);
  if (others.length > 0) {
    out.line('');
    out.table(
      ['SPAWNED', 'STATUS', 'AGENT', 'PARENT', 'NAME'],
      others.map(({ id, status, agent, parentId, name }) => [id, statusCell(status), agent, parentId, name]),
    );
  }
  for (const { kind, title, remedy } of attention) {
    out.line('');
    out.line(out.paint(`${kind.replaceAll('_', ' ')}: ${oneLine(title)}`, 'yellow'));
    if (remedy !== undefined) out.line(`  ${printable(remedy)}`);
  }
}
