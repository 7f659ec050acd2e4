// The git of a spec task in process: a real repository, a real store and the real services of worktrees, merging and landing.
import { createAttentionService } from '../../../daemon/attention/service.ts';
import { systemClock } from '../../../daemon/kernel/clock.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import type { Log } from '../../../daemon/kernel/log.ts';
import { byDaemon } from '../../../daemon/kernel/origin.ts';
import { createLanding, type LandingService } from '../../../daemon/merging/landing.ts';
import { createMergingService, type MergingService } from '../../../daemon/merging/service.ts';
import type { ProjectRecord } from '../../../daemon/store/tables/projects.ts';
import type { SpecTaskRecord } from '../../../daemon/store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../../daemon/store/tables/work-sessions.ts';
import type { WorktreeRecord } from '../../../daemon/store/tables/worktrees.ts';
import { createProc } from '../../../daemon/tools/proc.ts';
import { createWorktreeService, type WorktreeService } from '../../../daemon/worktrees/service.ts';
import type { MergeStrategy } from '../../../schemas/spec-task.ts';
import { checkoutPrint } from '../../helpers/checkout-print.ts';
import { idOf, openTestStore, projectRow, type TestStore } from '../../helpers/open-store.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';
import { createGitFixture, type GitFixture } from '../tools/git-fixture.ts';

export const owner = { actor: 'owner' };

export interface MergingSetup extends AsyncDisposable, Omit<TestStore, typeof Symbol.dispose> {
  readonly f: GitFixture;
  readonly project: ProjectRecord;
  readonly merging: MergingService;
  readonly landing: LandingService;
  readonly worktrees: WorktreeService;
  /** Ids of the spec tasks whose instance was to stop. */
  readonly stopped: string[];
  /** The spec task as it is now. */
  task(): SpecTaskRecord;
  changeTask(change: Partial<SpecTaskRecord>): Promise<SpecTaskRecord>;
  /** A work session with a worktree of its own, begun at the integration head, with these files committed. */
  work(n: number, files: Readonly<Record<string, string>>): Promise<{ one: WorkSessionRecord; worktree: WorktreeRecord; head: string }>;
  merge(worktree: WorktreeRecord, strategy?: MergeStrategy): Promise<{ readonly before: string; readonly commit: string }>;
  /** Work of one file is on the integration branch, and the spec task waits for its landing. */
  reviewed(files?: Readonly<Record<string, string>>): Promise<{ head: string; path: string }>;
  tip(branch: string): Promise<string>;
  files(commitish: string): Promise<string[]>;
  attention(): string[];
  events(type: string): number;
  /** All that is the user's: the checkout to the byte, and where the base is. */
  users(): Promise<unknown>;
}

export interface MergingSetupOptions {
  readonly env?: Record<string, string>;
  readonly files?: Readonly<Record<string, string>>;
  readonly verifyTimeoutMs?: number;
  readonly before?: (args: readonly string[]) => void;
}

export async function setUpMerging(options: MergingSetupOptions = {}): Promise<MergingSetup> {
  const f = await createGitFixture({ ...(options.env && { env: options.env }), ...(options.before && { before: options.before }) });
  const opened = openTestStore();
  const { store } = opened;
  await f.test.commit('files of the test', options.files ?? { 'shared.txt': 'base\n' });
  const project = projectRow({ path: f.test.path, gitDir: f.repo.gitCommonDir });
  const specTask = specTaskRow(1, { baseBranch: 'master' });
  const ids = createIds(systemClock);
  const quiet = () => undefined;
  const log = { error: quiet, warn: quiet, info: quiet, debug: quiet } as unknown as Log;
  await store.write((w) => {
    w.projects.insert(project);
    w.specTasks.insert(specTask);
  });
  const shared = { store, clock: systemClock, ids };
  const worktrees = createWorktreeService({
    ...{ ...shared, git: f.git, log, queue: createKeyedQueue(), proc: createProc(), copyRules: () => [] },
    root: () => f.test.beside('worktrees'),
    hooks: { run: async () => false },
    spares: { take: async () => false, has: () => false },
    leases: { regain: async () => ({ regained: [], changed: [] }) as never },
  });
  const process = createTestProcessTool(f.test.env);
  const merging = createMergingService({
    ...{ store, git: f.git, worktrees, process, verifyDir: opened.dir.at('verify') },
    verifyTimeoutMs: () => options.verifyTimeoutMs ?? 60_000,
  });
  const stopped: string[] = [];
  const attention = createAttentionService(shared);
  const threads = { stopInstance: (_: unknown, id: string) => void stopped.push(id) };
  const landing = createLanding({
    ...{ store, clock: systemClock, log, merging, worktrees, threads, attention, git: f.git },
    forget: async () => undefined,
  });
  const task = (): SpecTaskRecord => store.read((r) => r.specTasks.get(specTask.id)) as SpecTaskRecord;
  const setup: MergingSetup = {
    ...opened,
    ...{ f, project, merging, landing, worktrees, stopped, task },
    changeTask: (change) =>
      store.write((w) => {
        w.specTasks.change(specTask.id, change);
        return w.specTasks.get(specTask.id) as SpecTaskRecord;
      }),
    async work(n, files) {
      const { head: base } = await merging.ensureIntegration(task());
      const branch = `${specTask.branchPrefix}/${n}`;
      const worktree = await worktrees.create({ project, branch, base, allowExistingBranch: false }, byDaemon);
      const head = await f.test.commit(`work ${n}`, files, worktree.path);
      const one = workSessionRow(n, { branch, worktreeId: worktree.id, baseCommit: base, headCommit: head });
      await store.write((w) => w.workSessions.insert(one));
      return { one, worktree, head };
    },
    async merge(worktree, strategy = 'merge') {
      const wanted = { worktreeId: worktree.id, into: specTask.integrationBranch, strategy, message: 'Merge the work (#1)' };
      const merged = await merging.merge(task(), wanted);
      const one = store.read((r) => r.workSessions.ofSpecTask(specTask.id)).find(({ worktreeId }) => worktreeId === worktree.id);
      if (one) await store.write((w) => w.workSessions.change(one.id, { mergedCommit: merged.commit, mergedFrom: merged.before }));
      return merged;
    },
    async reviewed(files = { 'new.txt': 'new\n' }) {
      const { worktree } = await setup.work(1, files);
      await setup.merge(worktree);
      await setup.changeTask({ status: 'implementation_review' });
      const { head, worktreePath } = await merging.ensureIntegration(task());
      return { head, path: worktreePath };
    },
    tip: (branch) => f.test.git('rev-parse', branch),
    files: async (commitish) => (await f.test.git('ls-tree', '-r', '--name-only', commitish)).split('\n'),
    attention: () => store.read((r) => r.attention.openOfSpecTask(specTask.id)).map(({ kind }) => kind),
    events: (type) => store.read((r) => r.events.page(0, 1_000)).filter((event) => event.type === type).length,
    users: async () => ({
      print: await checkoutPrint(f.test),
      base: await f.test.git('rev-parse', 'master'),
      tags: await f.test.git('tag'),
    }),
    async [Symbol.asyncDispose]() {
      await worktrees.idle();
      await f[Symbol.asyncDispose]();
      opened[Symbol.dispose]();
    },
  };
  return setup;
}

/** The nth spec task of a store. */
export const specTaskId = idOf('spt', 1);
