// The work of one spec task in process: a real store, the real reactor and controls, and agents, sessions and git that a test plays.
import { createAttentionService } from '../../daemon/attention/service.ts';
import { createThreads, type Threads } from '../../daemon/instances/threads.ts';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { createIds } from '../../daemon/kernel/ids.ts';
import type { Merging, Verdict } from '../../daemon/merging/needs.ts';
import type { StartWish } from '../../daemon/sessions/prepare.ts';
import { parsePlan } from '../../daemon/spec-tasks/plan/parse-plan.ts';
import type { ImplTaskRecord } from '../../daemon/store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../../daemon/store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../daemon/store/tables/work-sessions.ts';
import type { WorkDeps, WorkLimits } from '../../daemon/work-sessions/needs.ts';
import { createWorkReactor } from '../../daemon/work-sessions/reactor/reactor.ts';
import { createWorkSessionService, type WorkSessionService } from '../../daemon/work-sessions/service.ts';
import { Failure } from '../../schemas/errors.ts';
import { ImplementationSettings } from '../../schemas/spec-task.ts';
import { settled } from './manual-clock.ts';
import { idOf, openTestStore, projectId, projectRow, sessionRow, stepRow, type TestStore, worktreeRow } from './open-store.ts';
import * as rows from './spec-task-rows.ts';
import { specTaskId } from './spec-task-rows.ts';
import { until } from './until.ts';

export const owner = { actor: 'owner' };
export { specTaskId };

const branchPrefix = 'spt/1-search';

/** Queued, of one item a work session. */
export function specTaskRow(over: Partial<SpecTaskRecord> = {}): SpecTaskRecord {
  return rows.specTaskRow(1, {
    ...{ name: 'Search', status: 'queued_implementation', revision: 0, skipPlanning: true, baseBranch: 'master', branchPrefix },
    ...{ integrationBranch: `${branchPrefix}/integration`, implementation: ImplementationSettings.parse({}), ...over },
  });
}

export function implTaskRow(n: number, over: Partial<ImplTaskRecord> = {}): ImplTaskRecord {
  return rows.implTaskRow(n, { description: 'Do it', ...over });
}

/** The nth planned one, of the nth item. */
export function workSessionRow(n: number, over: Partial<WorkSessionRecord> = {}): WorkSessionRecord {
  return rows.workSessionRow(n, {
    ...{ implTaskId: idOf('imp', n), description: 'Do it', prompt: `Do item ${n}`, status: 'pending', stage: 'waiting_dependencies' },
    ...{ branch: `${branchPrefix}/${n}-item`, ...over },
  });
}

export interface FakeGit extends Merging {
  /** Branches that conflict with what they go into. */
  readonly conflicting: Set<string>;
  /** Taken one a verification; none left: it passes. */
  readonly verdicts: Verdict[];
  readonly merged: string[];
  readonly reverted: string[];
  /** Somebody else has moved the branch: it can not be taken back. */
  movedOn?: boolean;
  /** A new commit on a branch. */
  commit(branch: string): void;
  /** What the next verification waits for. */
  hold?: Promise<void>;
}

const sha = (n: number): string => n.toString(16).padStart(40, '0');

function createFakeGit(branchOf: (worktreeId: string) => string): FakeGit {
  const heads = new Map<string, string>();
  let count = 0;
  const headOf = (branch: string): string => heads.get(branch) ?? sha(0);
  const commit = (branch: string): string => {
    heads.set(branch, sha(++count));
    return headOf(branch);
  };
  const git: FakeGit = {
    ...{ conflicting: new Set(), verdicts: [], merged: [], reverted: [] },
    commit,
    headOf: async (_, branch) => headOf(branch),
    contains: async () => true,
    ensureIntegration: async (task) => ({ worktreePath: '/integration', head: headOf(task.integrationBranch) }),
    commitLeftovers: async (path) => headOf(path),
    async merge(_, { worktreeId, into }) {
      const branch = branchOf(worktreeId);
      const files = ['shared.txt'];
      if (git.conflicting.has(branch)) throw new Failure('GIT_CONFLICT', '1 files conflict: shared.txt.', { details: { files } });
      git.merged.push(branch);
      return { before: headOf(into), commit: commit(into) };
    },
    async revert(_, { into, before, commit: from }) {
      if (git.movedOn) throw new Failure('CONFLICT', `The branch "${into}" moved meanwhile.`);
      git.reverted.push(from);
      heads.set(into, before);
    },
    async verify(_, signal) {
      const { hold } = git;
      if (hold) {
        await Promise.race([
          hold,
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
        ]);
      }
      return git.verdicts.shift() ?? { passed: true };
    },
  };
  return git;
}

interface Turn {
  readonly commits?: boolean;
  readonly stopReason?: string;
  readonly interrupted?: boolean;
}

export interface WorkSetup extends AsyncDisposable, TestStore {
  readonly git: FakeGit;
  readonly service: WorkSessionService;
  readonly threads: Threads;
  readonly ended: Map<string, Failure | undefined>;
  readonly wishes: StartWish[];
  readonly blocks: Map<string, string[]>;
  /** Worktrees whose work was kept. */
  readonly saved: string[];
  limits: WorkLimits;
  /** From here on as a daemon that was started anew. */
  restart(): Promise<void>;
  get(n: number): WorkSessionRecord;
  task(): SpecTaskRecord;
  /** The reactor has looked at all that was told until now. */
  settled(): Promise<void>;
  byId(id: string, wanted: Partial<WorkSessionRecord>): Promise<WorkSessionRecord>;
  turnOf(id: string): Promise<void>;
  /** Waits for the nth to be so. */
  is(n: number, wanted: Partial<WorkSessionRecord>): Promise<WorkSessionRecord>;
  taskIs(status: SpecTaskRecord['status']): Promise<SpecTaskRecord>;
  /** The agent takes all that waits and ends its turn; with a commit unless it is told otherwise. */
  turn(n: number, how?: Turn): Promise<void>;
  /** The agent takes what waits, and is in its turn. */
  turnBegins(n: number): Promise<void>;
  /** All that was ever put to the agent of the nth. */
  prompts(n: number): string[];
  attention(): string[];
}

export interface WorkSetupOptions {
  /** Without a reactor: rows stay as they are. */
  readonly idle?: boolean;
  readonly task?: Partial<SpecTaskRecord>;
  readonly items: readonly Partial<ImplTaskRecord>[];
  readonly sessions?: Readonly<Record<number, Partial<WorkSessionRecord>>>;
}

export async function setUpWork({ task = {}, items, sessions = {}, idle = false }: WorkSetupOptions): Promise<WorkSetup> {
  const opened = openTestStore();
  const { store } = opened;
  const ids = createIds(systemClock);
  const attention = createAttentionService({ store, clock: systemClock, ids });
  const threads = createThreads({ clock: systemClock, ids, attention });
  const git = createFakeGit((worktreeId) => store.read((r) => r.worktrees.get(worktreeId)?.branch as string));
  const [ended, wishes, blocks] = [new Map<string, Failure | undefined>(), [] as StartWish[], new Map<string, string[]>()];
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.specTasks.insert(specTaskRow(task));
    for (const [at, item] of items.entries()) w.implTasks.insert(implTaskRow(at + 1, item));
    for (const at of items.keys()) w.workSessions.insert(workSessionRow(at + 1, sessions[at + 1]));
  });
  const saved: string[] = [];
  let sessionCount = 0;
  const endSession = (id: string, status: 'succeeded' | 'failed' | 'cancelled', failure?: Failure): void => {
    ended.set(id, failure);
    void store.write((w) => w.sessions.change(id, { status, endedAt: 5, ...(failure ? { error: failure.message } : {}) }));
  };
  const deps: Omit<WorkDeps, 'envFiles'> & Parameters<typeof createWorkSessionService>[0] & { envFiles: WorkDeps['envFiles'] } = {
    ...{ store, ids, attention, threads, merging: git, clock: systemClock },
    log: { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined } as unknown as WorkDeps['log'],
    limits: () => setup.limits,
    driven: { untilEnded: async () => undefined, tellEnd: (id, end) => endSession(id, end ? 'failed' : 'succeeded', end) },
    blocksOf: (_, id) => blocks.get(id) ?? [],
    announce: () => undefined,
    parsePlan,
    callsForTurn: () => false,
    envFiles: { environmentOf: async () => ({ PATH: '/bin' }), write: async () => undefined },
    policy: { facts: { executable: async () => undefined }, enforce: async () => undefined } as never,
    createTask: () => Promise.reject(new Error('no task is made here')),
    saveWork: async (id) => void saved.push(id),
    sessions: {
      cancelAll: async (all) => {
        for (const id of all) endSession(id, 'cancelled');
      },
      startTogether: (started, _actor, also) =>
        store.write((w) => {
          const made = started.map((wish) => {
            wishes.push(wish);
            const n = ++sessionCount;
            const branch = wish.extras?.own?.definition.worktree.branch as string;
            const there = w.worktrees.byProjectAndBranch(projectId, branch);
            if (!there) w.worktrees.insert(worktreeRow(n, { branch, path: branch, baseCommit: sha(0) }));
            const worktreeId = (there ?? w.worktrees.byProjectAndBranch(projectId, branch))?.id as string;
            const { specTaskId: of, workSessionId } = (wish.extras as { links: { specTaskId: string; workSessionId: string } }).links;
            w.sessions.insert(
              sessionRow(n, { kind: 'worktree', status: 'running', specTaskId: of, workSessionId, role: 'implementation' }),
            );
            w.sessions.change(idOf('ses', n), { worktreeId, branch });
            w.steps.insert(stepRow(n, { sessionId: idOf('ses', n), name: 'agent', type: 'builtin', status: 'running' }));
            return w.sessions.get(idOf('ses', n)) as NonNullable<ReturnType<typeof w.sessions.get>>;
          });
          return also(w, made);
        }),
    },
    agents: { resolve: (name: string) => ({ name }) } as never,
    rowsFor: () => ({ rows: [], waves: null }),
    git: { diff: async () => Promise.reject(new Error('no git here')) },
  };
  let reactor = createWorkReactor(deps);
  const threadOf = (id: string) => store.read((r) => r.threads.ofWorkSession(id));
  const turnBegins = async (id: string): Promise<void> => {
    const thread = await until('a thread with a prompt', () => {
      const found = threadOf(id);
      return found && store.read((r) => r.prompts.openOf(found.id)).length > 0 && found;
    });
    await store.write((w) => {
      for (const prompt of w.prompts.openOf(thread.id)) w.prompts.change(prompt.id, { status: 'accepted' });
      w.threads.change(thread.id, { status: 'active', turn: 'running' });
      const subject = { specTaskId, workSessionId: id };
      const data = { threadId: thread.id, promptId: idOf('prm', 1) };
      w.events.append({ type: 'thread.turnStarted', subject, actor: 'daemon', data });
    });
  };
  const turn = async (id: string, { commits = true, stopReason = 'end_turn', interrupted = false }: Turn = {}): Promise<void> => {
    if (threadOf(id)?.turn !== 'running') await turnBegins(id);
    if (commits) git.commit(store.read((r) => r.workSessions.get(id))?.branch as string);
    await store.write((w) => {
      const thread = w.threads.ofWorkSession(id);
      if (!thread) throw new Error('no thread');
      const change = { lastStopReason: stopReason, lastTurnInterrupted: interrupted };
      w.threads.change(thread.id, { turn: 'idle', turns: thread.turns + 1, ...change });
      const data = { threadId: thread.id, stopReason, interrupted };
      w.events.append({ type: 'thread.turnFinished', subject: { specTaskId, workSessionId: id }, actor: 'daemon', data });
    });
  };
  const setup: WorkSetup = {
    ...opened,
    ...{ git, ended, wishes, blocks, saved, threads, service: createWorkSessionService(deps) },
    limits: { spawn_depth: 3, children: 5, sessions_per_task: 20, spawns_per_minute: 10, slots_per_task: 3, slots: 4 },
    async restart() {
      await reactor.stop();
      reactor = createWorkReactor(deps);
      reactor.resume();
    },
    get: (n) => store.read((r) => r.workSessions.get(idOf('wks', n)) as WorkSessionRecord),
    task: () => store.read((r) => r.specTasks.get(specTaskId) as SpecTaskRecord),
    async settled() {
      // Whatever follows of what was told follows within turns of the event loop, and is a commit.
      for (let quiet = 0, seen = store.commits; quiet < 20; quiet++) {
        await settled();
        if (store.commits !== seen || store.queueLength > 0) quiet = 0;
        seen = store.commits;
      }
    },
    is: (n, wanted) => setup.byId(idOf('wks', n), wanted),
    byId: (id, wanted) =>
      until(`work session ${id} to be ${JSON.stringify(wanted)}`, () => {
        const now = store.read((r) => r.workSessions.get(id)) as WorkSessionRecord;
        return Object.entries(wanted).every(([key, value]) => now[key as keyof WorkSessionRecord] === value) && now;
      }),
    taskIs: (status) => until(`the spec task to be ${status}`, () => setup.task().status === status && setup.task()),
    turnBegins: (n) => turnBegins(idOf('wks', n)),
    turn: (n, how) => turn(idOf('wks', n), how),
    turnOf: (id) => turn(id),
    prompts: (n) =>
      store
        .read((r) => r.prompts.list(idOf('wks', n), 'zzz', 100))
        .map(({ content }) => content)
        .toReversed(),
    attention: () => store.read((r) => r.attention.openOfSpecTask(specTaskId)).map(({ kind }) => kind),
    async [Symbol.asyncDispose]() {
      await reactor.stop();
      opened[Symbol.dispose]();
    },
  };
  if (idle) await reactor.stop();
  else reactor.resume();
  return setup;
}
