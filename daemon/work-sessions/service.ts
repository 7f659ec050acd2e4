// What clients can do with work sessions. Looking and changing is rows; what runs because of them is the reactor's.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits as bounds } from '../../schemas/limits.ts';
import type { WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionFilter, WorkSessionRecord } from '../store/tables/work-sessions.ts';
import type { Git } from '../tools/git/git.ts';
import { cancelWorkSession } from './cancelling.ts';
import { type Controls, createControls } from './controls.ts';
import { type ConversingDeps, createConversation } from './conversing.ts';
import { createImplTasks, type ImplTasks } from './impl-tasks.ts';
import { type ImplementDeps, type StartImplementation, startImplementation } from './implementing.ts';
import type { WorkDeps } from './needs.ts';
import { scheduleOf } from './reactor/facts.ts';
import { createReports, type Reports } from './reports.ts';
import { resolveWorkSession } from './resolve.ts';
import { spawnWorkSession } from './spawning.ts';
import { createTaskControls, type TaskControls } from './task-controls.ts';
import { type UpdatePlanDeps, updatePlan } from './updating-plan.ts';
import { workSessionView } from './view.ts';

export interface WorkSessionService extends Controls, Reports {
  /** By its id, or the id or slug of its session. Throws NOT_FOUND. */
  resolve(ref: string): WorkSessionRecord;
  list(filter: WorkSessionFilter, cursor: string | undefined, limit: number): ResultOf<'workSession.list'>;
  get(ref: string): WorkSession;
  /** Beside the others of `task`, or with a spec task of its own in the project that `wanted` names. */
  create(task: SpecTaskRecord | undefined, wanted: Parameters<typeof createConversation>[2], origin: Origin): Promise<WorkSession>;
  spawn(params: OwnParamsOf<'workSession.spawn'>, origin: Origin): Promise<WorkSession>;
  cancel(params: OwnParamsOf<'workSession.cancel'>, origin: Origin): Promise<WorkSession>;
  /** Throws PRECONDITION {reason: no_worktree} before it has one. */
  diff(ref: string, patch: boolean): Promise<ResultOf<'workSession.diff'>>;
  readonly implTasks: ImplTasks;
  readonly task: TaskControls & {
    startImplementation(
      task: SpecTaskRecord,
      request: StartImplementation,
      origin: Origin,
    ): Promise<ResultOf<'specTask.startImplementation'>>;
    updatePlan(
      task: SpecTaskRecord,
      wanted: Pick<OwnParamsOf<'specTask.updatePlan'>, 'plan' | 'ifVersion'>,
      origin: Origin,
    ): Promise<ResultOf<'specTask.updatePlan'>>;
  };
}

export type WorkServiceDeps = Pick<WorkDeps, 'store' | 'clock' | 'ids' | 'threads' | 'attention' | 'limits'> &
  Pick<ImplementDeps, 'agents' | 'rowsFor'> &
  Pick<UpdatePlanDeps, 'parsePlan'> &
  Pick<ConversingDeps, 'createTask' | 'policy' | 'envFiles'> & { readonly git: Pick<Git, 'diff'> };

export function createWorkSessionService(deps: WorkServiceDeps): WorkSessionService {
  const { store, limits } = deps;
  const resolve = (ref: string): WorkSessionRecord => resolveWorkSession(store, ref);
  const implementing: ImplementDeps = { ...deps, slotsPerTask: () => limits().slots_per_task };
  return {
    ...createControls(deps),
    ...createReports(deps),
    resolve,
    list: (filter, cursor, limit) =>
      store.read((r) => {
        const page = pageOf(r.workSessions.list(filter, cursor ?? afterAllIds, limit + 1), limit);
        const { waits } = scheduleOf(r, limits());
        const workSessions = page.rows.map((row) => workSessionView(r, row, waits));
        return { workSessions, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
      }),
    get: (ref) => {
      const found = resolve(ref);
      return store.read((r) => workSessionView(r, found, scheduleOf(r, limits()).waits));
    },
    create: (task, wanted, origin) => createConversation(deps, task, wanted, origin),
    spawn: (params, origin) => spawnWorkSession(deps, params, origin),
    cancel: (params, origin) => cancelWorkSession(deps, params, origin),
    async diff(ref, patch) {
      const { name, worktreeId, baseCommit } = resolve(ref);
      const worktree = worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(worktreeId));
      if (worktree?.status !== 'present' || baseCommit === undefined) {
        throw new Failure('PRECONDITION', `Work session "${name}" has no worktree ${worktree === undefined ? 'yet' : 'any more'}.`, {
          details: { reason: 'no_worktree' },
        });
      }
      const diff = await deps.git.diff({ worktreePath: worktree.path, baseCommit, patch, maxPatchBytes: bounds.diffPatchBytes });
      return { ...diff, baseCommit };
    },
    implTasks: createImplTasks(deps),
    task: {
      ...createTaskControls(deps),
      startImplementation: (task, request, origin) => startImplementation(implementing, task, request, origin),
      updatePlan: (task, wanted, origin) => updatePlan(deps, task, wanted, origin),
    },
  };
}
