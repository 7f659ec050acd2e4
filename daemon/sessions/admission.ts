// Who runs and who waits: first come, first served, up to the bound and the limits of named pools. A pure look at the rows on each occasion; no list of its own.
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import { dropEnvironment, type EnvFiles } from './env-file.ts';
import { queueOrder } from './queue.ts';
import type { SessionRunner } from './runner.ts';
import { finish, leaveQueue } from './transitions.ts';

export interface Admission {
  /** Starts as many queued sessions as there is room for. Called when one arrives, one ends, or the bound changes. */
  admit(): Promise<void>;
}

export interface AdmissionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly runner: Pick<SessionRunner, 'drive'>;
  readonly envFiles: Pick<EnvFiles, 'remove'>;
  readonly leftovers: Pick<Leftovers, 'watch'>;
  readonly maxRunning: () => number;
}

/** Sessions of a spec task have limits of their own, and its agents must not wait for what waits for them. */
const takesRoom = ({ specTaskId }: Pick<SessionRecord, 'specTaskId'>): boolean => specTaskId === undefined;

export function createAdmission({ store, clock, runner, envFiles, leftovers, maxRunning }: AdmissionDeps): Admission {
  return {
    async admit() {
      const { admitted, cancelled } = await store.write((w) => {
        const active = w.sessions.queue();
        const queued = active.flatMap(({ id, status }) => (status === 'queued' ? (w.sessions.get(id) ?? []) : []));
        // Cancelled while it waited: it never ran, so nothing is to be cleaned up.
        const cancelled = queued.filter((session) => session.cancelRequestedAt !== undefined);
        for (const session of cancelled) {
          w.steps.skipPending(session.id, { from: 0, below: Number.MAX_SAFE_INTEGER }, 'cancelled');
          finish(w, session, { status: 'cancelled', reason: session.cancelReason ?? 'cancelled' }, clock.now());
        }
        const room = maxRunning() - active.filter((session) => session.status !== 'queued' && takesRoom(session)).length;
        // Those that were cancelled hold up nobody any more.
        const waiting = cancelled.length === 0 ? active : w.sessions.queue();
        const ready = queueOrder(waiting).ready.flatMap((id) => queued.find((session) => session.id === id) ?? []);
        const next = [...ready.filter((session) => !takesRoom(session)), ...ready.filter(takesRoom).slice(0, Math.max(0, room))];
        for (const session of next) leaveQueue(w, session, clock.now());
        return { admitted: next.map(({ id }) => id), cancelled };
      });
      for (const session of cancelled) await dropEnvironment(envFiles, session);
      for (const id of admitted) {
        leftovers.watch(id);
        void runner.drive(id);
      }
    },
  };
}
