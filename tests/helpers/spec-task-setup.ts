// A real daemon, a repository and agents that do what the plan's items tell them: each item carries its script.
import { join } from 'node:path';
import type { ParamsOf, ResultOf, SpecTask, WorkSession } from '../../schemas/index.ts';
import { packageRoot } from './package-root.ts';
import { type RealDaemon, startRealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';
import { until } from './until.ts';

export const fakeAgent = join(packageRoot, 'tests', 'helpers', 'fake-agent.mjs');

/** `[agents.fake]` speaks ACP; `more` is the rest of config.toml. */
export function fakeAgentConfig(more = ''): string {
  const agent = `[agents.fake]\nprotocol = "acp"\ncommand = ["node", ${JSON.stringify(fakeAgent)}]\n`;
  return `[spec_tasks]\nplanning_agent = "fake"\nimplementation_agents = ["fake"]\n${more}\n${agent}`;
}

export interface Item {
  readonly title: string;
  /** Lines for the fake agent. */
  readonly does: readonly string[];
  readonly after?: string;
  readonly files?: string;
  readonly verify?: string;
}

/** A plan whose nth item is Task n. */
export function planOf(items: readonly Item[]): string {
  return items
    .map(({ title, does, after, files, verify }, index) =>
      [
        `## Task ${index + 1}: ${title}`,
        '',
        ...(after === undefined ? [] : [`Dependencies: ${after}`]),
        ...(files === undefined ? [] : [`Files: ${files}`]),
        ...(verify === undefined ? [] : [`Verify: ${verify}`]),
        '',
        script(does),
      ].join('\n'),
    )
    .join('\n\n');
}

export function script(lines: readonly string[]): string {
  return ['```script', ...lines, '```'].join('\n');
}

export interface SpecTaskSetup extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly repo: TestRepo;
  readonly project: string;
  /** A task with this plan, imported and approved; nothing is started. */
  approved(items: readonly Item[] | string, more?: Partial<ParamsOf<'specTask.create'>>): Promise<SpecTask>;
  /** The same, with its implementation started. */
  started(items: readonly Item[] | string, more?: Partial<ParamsOf<'specTask.startImplementation'>>): Promise<SpecTask>;
  reached(id: string, ...statuses: SpecTask['status'][]): Promise<SpecTask>;
  /** Its work sessions, by the label of their item, or by name. */
  workSessions(id: string): Promise<Map<string, WorkSession>>;
  workSession(id: string, label: string, is: (workSession: WorkSession) => boolean): Promise<WorkSession>;
  overview(id: string): Promise<ResultOf<'specTask.overview'>>;
}

export interface SpecTaskSetupOptions {
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export async function setUpSpecTasks({ config, files = {} }: SpecTaskSetupOptions = {}): Promise<SpecTaskSetup> {
  const repo = await createTestRepo();
  if (Object.keys(files).length > 0) await repo.commit('Add the files of the test', files);
  const daemon = await startRealDaemon({ config: fakeAgentConfig(config) });
  const { client, home } = daemon;
  const project = (await client.project.add({ path: repo.path })).id;
  const labelOf = (implTasks: ResultOf<'implTask.list'>['implTasks'], { implTaskId, name }: WorkSession): string =>
    implTasks.find(({ id }) => id === implTaskId)?.label ?? name;
  const setup: SpecTaskSetup = {
    daemon,
    repo,
    project,
    async approved(items, more = {}) {
      const task = await client.specTask.create({ project, prompt: 'Do what the plan says', environment: home.env(), ...more });
      const plan = typeof items === 'string' ? items : planOf(items);
      const { number } = await client.specTask.submitSpecs({ id: task.id, plan, source: 'import' });
      return client.specTask.approve({ id: task.id, revision: number });
    },
    async started(items, more = {}) {
      const { id } = await setup.approved(items);
      return (await client.specTask.startImplementation({ id, ...more })).specTask;
    },
    reached: (id, ...statuses) =>
      until(`spec task ${id} to be ${statuses.join(' or ')}`, async () => {
        const task = await client.specTask.get({ id });
        return statuses.includes(task.status) && task;
      }),
    async workSessions(id) {
      const { workSessions } = await client.workSession.list({ specTask: id, limit: 200 });
      const { implTasks } = await client.implTask.list({ specTask: id, limit: 200 });
      return new Map(workSessions.toReversed().map((one) => [labelOf(implTasks, one), one]));
    },
    workSession: (id, label, is) =>
      until(`work session ${label} of ${id}`, async () => {
        const found = (await setup.workSessions(id)).get(label);
        return found !== undefined && is(found) && found;
      }),
    overview: (id) => client.specTask.overview({ id }),
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
  return setup;
}
