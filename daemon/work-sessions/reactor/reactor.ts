// Who is looked at, and when: whatever is told of a spec task makes it, its work sessions and those that share its slots be looked at.
import { limits } from '../../../schemas/limits.ts';
import { createReactor } from '../../kernel/reactor.ts';
import type { LoggedEvent } from '../../store/event-log.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { hasEnded } from '../machine.ts';
import type { WorkDeps } from '../needs.ts';
import { advanceMerge } from './merging.ts';
import { advanceSession } from './session.ts';
import { advanceTask } from './task.ts';

export interface WorkReactor {
  /** Goes on with what a former daemon left. */
  resume(): void;
  /** Something that is no event changed, such as the limits. */
  pokeAll(): void;
  stop(): Promise<void>;
}

export function createWorkReactor(deps: WorkDeps): WorkReactor {
  const { store, clock, log } = deps;
  const onError = (what: string) => (error: unknown, id: string) =>
    log.error({ err: error, id }, `${what} could not go on; it is looked at again`);
  const tasks = createReactor({ clock, advance: (id) => advanceTask(deps, id), onError: onError('a spec task') });
  // Apart from the tasks, since what runs after a merge may take long, and others begin meanwhile.
  const merges = createReactor({ clock, advance: (id, signal) => advanceMerge(deps, id, signal), onError: onError('a merge queue') });
  const running = new Map<string, AbortController>();
  const sessions = createReactor({ clock, advance: (id, signal) => advanceOne(id, signal), onError: onError('a work session') });
  /** What runs for it ends when it is not active any more. */
  const advanceOne = async (id: string, stopping: AbortSignal): Promise<boolean> => {
    const own = new AbortController();
    running.set(id, own);
    try {
      return await advanceSession(deps, id, AbortSignal.any([stopping, own.signal]));
    } catch (error) {
      if (own.signal.aborted && !stopping.aborted) return true;
      throw error;
    } finally {
      running.delete(id);
    }
  };

  const pokeTask = (id: string): void => {
    tasks.poke(id);
    merges.poke(id);
    for (const one of store.read((r) => r.workSessions.ofSpecTask(id))) sessions.poke(one.id);
  };
  const pokeAll = (): void => {
    for (const { id } of store.read((r) => r.specTasks.live())) pokeTask(id);
  };
  const heard = (events: readonly LoggedEvent[]): void => {
    const told = new Set(events.flatMap(({ subject: { specTaskId } }) => specTaskId ?? []));
    for (const [id, run] of running) if (store.read((r) => isStopped(r.workSessions.get(id)))) run.abort('not active any more');
    for (const id of told) pokeTask(id);
    // Slots are shared: what one gives away another takes.
    if (events.some(({ type }) => type === 'workSession.statusChanged'))
      for (const { id } of store.read((r) => r.specTasks.inStatus('implementation'))) if (!told.has(id)) tasks.poke(id);
  };
  const unsubscribe = store.onEvents(heard);
  let endTick = (): void => undefined;
  const tick = (): void => {
    endTick = clock.after(limits.workTickMs, () => {
      for (const { id } of store.read((r) => r.specTasks.inStatus('implementation'))) pokeTask(id);
      tick();
    });
  };
  return {
    pokeAll,
    resume() {
      pokeAll();
      tick();
      for (const { workSessionId } of store.read((r) => r.sessions.active())) if (workSessionId !== undefined) sessions.poke(workSessionId);
    },
    async stop() {
      unsubscribe();
      endTick();
      await Promise.all([tasks.stop(), merges.stop(), sessions.stop()]);
    },
  };
}

/** Nothing that runs for it is of use any more; what provisions it looks at the row itself. */
function isStopped(workSession: WorkSessionRecord | undefined): boolean {
  return workSession === undefined || workSession.status === 'blocked' || hasEnded(workSession.status);
}
