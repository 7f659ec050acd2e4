// What moves a spec task on, or ends it.
import type { Command } from 'commander';
import type { ParamsOf, ResultOf, SpecTask } from '../../../schemas/index.ts';
import type { MergeStrategy } from '../../../schemas/spec-task.ts';
import { landings, mergeStrategies, priorities } from '../../../schemas/task-words.ts';
import type { Client } from '../../client.ts';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../key-values.ts';
import { choice, collect, pairs } from '../options.ts';
import { readAll, readText } from '../read-input.ts';
import { inProjectOption, taskArgument, taskRef } from '../task-ref.ts';
import { tellTask } from '../tell-task.ts';
import { printable } from '../text.ts';

type Ref = ReturnType<typeof taskRef>;
type ProjectOption = { project?: string };
type UpdateParams = ParamsOf<'specTask.update'>;

export function registerTaskCourse(task: Command, cli: Cli): void {
  const simple = (name: string, description: string, call: (client: Client, ref: Ref) => Promise<SpecTask>): void => {
    task
      .command(name)
      .description(description)
      .argument(...taskArgument)
      .option(...inProjectOption)
      .action(async (ref: string, { project }: ProjectOption) => {
        tellTask(cli.out, await call(await cli.connect(), taskRef(cli, ref, project)));
      });
  };
  simple('start', 'queue a task for its planner, or for the work when it skips planning', (client, ref) => client.specTask.start(ref));
  task
    .command('implement')
    .description('make work sessions for an approved plan, or more of them; labels that have one already keep it')
    .argument(...taskArgument)
    .argument('[label...]', 'items of the plan; default: all')
    .option('-d, --with-dependencies', 'with labels: bring the unfinished items they need')
    .option('-m, --max <n>', 'work sessions at once', wholeNumber('--max', 1))
    .option('-a, --agent <label=agent>', 'who does an item; again for more of them', pairs('--agent'))
    .option('-v, --verify <command>', 'run after each merge; again for more of them', collect)
    .option('--strategy <how>', 'how branches go in: rebase_ff, merge or squash', choice('--strategy', mergeStrategies))
    .option('--manual-merge', 'nothing goes in before "coppice work merge"')
    .option('--manual-start', 'nothing runs before "coppice work start"')
    .option('--dry-run', 'only tell what would be made')
    .option(...inProjectOption)
    .action((ref: string, labels: string[], options: ImplementOptions) => implement(cli, ref, labels, options));
  task
    .command('update')
    .description('change what was said of a task, or replace the plan of one that is implemented')
    .argument(...taskArgument)
    .option('-n, --name <name>', 'what it is called')
    .option('--prompt <text>', 'the request; "-" reads it from stdin')
    .option('--priority <priority>', 'low, medium, high or critical', choice('--priority', priorities))
    .option('-a, --agent <agent>', 'who implements; again for more of them', collect)
    .option('--planner <agent>', 'who plans: an agent, or command:<name>')
    .option('-l, --land <how>', 'none, ff, merge, squash or pr', choice('--land', landings))
    .option('--plan <file>', 'the new plan; what started is never lost')
    .option(...inProjectOption)
    .action((ref: string, options: UpdateOptions) => update(cli, ref, options));
  task
    .command('cancel')
    .description('end a task and all that runs for it; worktrees with work stay')
    .argument(...taskArgument)
    .option('-r, --reason <text>', 'why, for the record')
    .option(...inProjectOption)
    .action(async (ref: string, { project, reason }: ProjectOption & { reason?: string }) => {
      const where = taskRef(cli, ref, project);
      tellTask(cli.out, await (await cli.connect()).specTask.cancel({ ...where, ...(reason === undefined ? {} : { reason }) }));
    });
  simple('retry', 'take a failed task up again where it failed', (client, ref) => client.specTask.retry(ref));
  simple('accept', 'accept the result of a task; with a landing it is landed now', (client, ref) =>
    client.specTask.approveImplementation(ref),
  );
  task
    .command('changes')
    .description('send the result back: what is to be changed is the next prompt of its work sessions')
    .argument(...taskArgument)
    .argument('<text>', 'what is to be changed; "-" reads it from stdin')
    .argument('[label...]', 'items that it is about; default: a new work session')
    .option(...inProjectOption)
    .action(async (ref: string, text: string, labels: string[], { project }: ProjectOption) => {
      const comment = text === '-' ? await readAll(cli.stdin) : text;
      const where = taskRef(cli, ref, project);
      tellTask(cli.out, await (await cli.connect()).specTask.requestImplementationChanges({ ...where, comment, labels }));
    });
  task
    .command('land')
    .description('put the result on the base branch; never by force, never in your checkout')
    .argument(...taskArgument)
    .option('-l, --land <how>', 'ff, merge, squash or pr', choice('--land', landingsOnly))
    .option('-m, --message <text>', 'of the commit, or of the pull request')
    .option(...inProjectOption)
    .action((ref: string, options: LandOptions) => land(cli, ref, options));
  task
    .command('archive')
    .description('put an ended task away: merged worktrees and branches go, what holds work stays')
    .argument(...taskArgument)
    .option(...inProjectOption)
    .action((ref: string, { project }: ProjectOption) => archive(cli, ref, project));
}

const landingsOnly = ['ff', 'merge', 'squash', 'pr'] as const;

interface ImplementOptions extends ProjectOption {
  withDependencies?: boolean;
  max?: number;
  agent?: Record<string, string>;
  verify?: string[];
  strategy?: MergeStrategy;
  manualMerge?: boolean;
  manualStart?: boolean;
  dryRun?: boolean;
}

async function implement(cli: Cli, named: string, labels: readonly string[], options: ImplementOptions): Promise<void> {
  const client = await cli.connect();
  const result = await client.specTask.startImplementation({
    ...taskRef(cli, named, options.project),
    select: labels.length === 0 ? 'all' : [...labels],
    includeDependencies: options.withDependencies ?? false,
    ...(options.max === undefined ? {} : { maxConcurrent: options.max }),
    ...(options.agent === undefined ? {} : { agents: options.agent }),
    ...(options.verify === undefined ? {} : { verify: options.verify }),
    ...(options.strategy === undefined ? {} : { mergeStrategy: options.strategy }),
    ...(options.manualMerge ? { mergeMode: 'manual' as const } : {}),
    autoStart: !options.manualStart,
    dryRun: options.dryRun ?? false,
  });
  printSelected(cli, result);
}

function printSelected(cli: Cli, result: ResultOf<'specTask.startImplementation'>): void {
  if (cli.out.json) {
    cli.out.document(result);
    return;
  }
  tellTask(cli.out, result.specTask);
  cli.out.table(
    ['LABEL', 'AGENT', 'NEW', 'BRANCH', 'TITLE'],
    result.selected.map(({ label, agent, exists, branch, title }) => [label, agent, exists ? '' : 'new', branch, title]),
  );
}

interface UpdateOptions extends ProjectOption {
  name?: string;
  prompt?: string;
  priority?: UpdateParams['priority'];
  agent?: string[];
  planner?: string;
  land?: UpdateParams['landing'];
  plan?: string;
}

async function update(cli: Cli, named: string, options: UpdateOptions): Promise<void> {
  const { name, priority, agent, planner, land: landing, plan: file, project } = options;
  const ref = taskRef(cli, named, project);
  const prompt = options.prompt === '-' ? await readAll(cli.stdin) : options.prompt;
  const given = { name, prompt, priority, implementationAgents: agent, planningAgent: planner, landing };
  const wanted = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const isEdit = Object.keys(wanted).length > 0;
  if (!isEdit && file === undefined)
    throw new UsageError('Say what is to change: --name, --prompt, --priority, --agent, --planner, --land or --plan.');
  if (isEdit && file !== undefined) throw new UsageError('Replace the plan by itself: --plan goes with no other option.');
  const client = await cli.connect();
  if (file === undefined) return tellTask(cli.out, await client.specTask.update({ ...ref, ...wanted }));
  const result = await client.specTask.updatePlan({ ...ref, plan: await readText(file, cli) });
  if (cli.out.json) return cli.out.document(result);
  cli.out.line(`#${result.specTask.number} ${result.specTask.id} has revision ${result.revision}`);
  cli.out.table(
    ['LABEL', 'CHANGE'],
    result.changes.map(({ label, change }) => [label, change]),
  );
}

interface LandOptions extends ProjectOption {
  land?: (typeof landingsOnly)[number];
  message?: string;
}

async function land(cli: Cli, named: string, { project, land: landing, message }: LandOptions): Promise<void> {
  const client = await cli.connect();
  const task = await client.specTask.land({
    ...taskRef(cli, named, project),
    ...(landing === undefined ? {} : { landing }),
    ...(message === undefined ? {} : { message }),
  });
  tellTask(cli.out, task);
}

async function archive(cli: Cli, named: string, project: string | undefined): Promise<void> {
  const task = await (await cli.connect()).specTask.archive(taskRef(cli, named, project));
  tellTask(cli.out, task);
  if (!cli.out.json) for (const { path, reason } of task.kept) cli.out.note(printable(`coppice: "${path}" stays: ${reason}`));
}
