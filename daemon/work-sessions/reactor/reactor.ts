// Who is looked at, and when: whatever is told of a spec task makes it, its work sessions and those that share its slots be looked at.
import { createReactor } from '../../kernel/reactor.ts';
import type { LoggedEvent } from '../../store/event-log.ts';
import type { WorkDeps } from '../needs.ts';
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
  const tasks = createReactor({ clock, advance: (id, signal) => advanceTask(deps, id, signal), onError: onError('a spec task') });
  const sessions = createReactor({ clock, advance: (id, signal) => advanceSession(deps, id, signal), onError: onError('a work session') });

  const pokeTask = (id: string): void => {
    tasks.poke(id);
    for (const one of store.read((r) => r.workSessions.ofSpecTask(id))) sessions.poke(one.id);
  };
  const pokeAll = (): void => {
    for (const { id } of store.read((r) => r.specTasks.live())) pokeTask(id);
  };
  const heard = (events: readonly LoggedEvent[]): void => {
    const told = new Set(
      events.flatMap(({ type, subject: { specTaskId } }) => (specTaskId === undefined || type === 'artifact.added' ? [] : [specTaskId])),
    );
    for (const id of told) pokeTask(id);
    // Slots are shared: what one gives away another takes.
    if (events.some(({ type }) => type === 'workSession.statusChanged'))
      for (const { id } of store.read((r) => r.specTasks.inStatus('implementation'))) if (!told.has(id)) tasks.poke(id);
  };
  const unsubscribe = store.onEvents(heard);
  return {
    pokeAll,
    resume() {
      pokeAll();
      for (const { workSessionId } of store.read((r) => r.sessions.active())) if (workSessionId !== undefined) sessions.poke(workSessionId);
    },
    async stop() {
      unsubscribe();
      await Promise.all([tasks.stop(), sessions.stop()]);
    },
  };
}
