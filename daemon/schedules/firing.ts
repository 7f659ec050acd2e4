// What happens when the time of a schedule has come, and what is told of times at which no daemon ran.

import type { EventData } from '../../schemas/contract.ts';
import { isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Session } from '../../schemas/session.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Store, Writer } from '../store/store.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { ScheduleRecord } from '../store/tables/schedules.ts';
import { countTimes } from '../tools/cron.ts';

export interface Firing {
  fire(schedule: ScheduleRecord, atMs: number): Promise<void>;
  /** Whatever else of the schedule runs. */
  runNow(schedule: ScheduleRecord, origin: Origin): Promise<Session>;
  /** Adds what passed since a daemon last saw to it, and tells it once a schedule. Nothing is made up for. */
  countMissed(actor: string): Promise<void>;
}

interface FiringDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: Pick<SessionService, 'start'>;
}

/** Until when times were seen to, in the meta table. */
const seenKey = 'schedules_seen_at';

export function createFiring({ store, clock, sessions }: FiringDeps): Firing {
  const begin = async (schedule: ScheduleRecord, atMs: number, origin: Origin): Promise<Session> => {
    const { id, projectId, commandName, overlap } = schedule;
    const request = { project: projectId, command: commandName, arguments: schedule.arguments, environment: {} };
    // One after another, unless the command has a pool of its own.
    const extras = { scheduleId: id, ...(overlap === 'queue' ? { group: `schedule/${id}` } : {}) };
    const session = await sessions.start(request, origin, extras);
    await store.write((w) => {
      w.schedules.change(id, { lastAt: atMs, lastSessionId: session.id });
      const data = { scheduleId: id, sessionId: session.id, commandName };
      w.events.append({ type: 'schedule.fired', subject: { projectId, sessionId: session.id }, actor: origin.actor, data });
    });
    return session;
  };
  const isHeldBack = ({ id, overlap }: ScheduleRecord): boolean => {
    const active = store.read((r) => r.sessions.activeOfSchedule(id));
    return overlap === 'skip' ? active.length > 0 : active.filter(({ status }) => status === 'queued').length >= limits.scheduleQueued;
  };
  return {
    async fire(schedule, atMs) {
      await store.write((w) => w.meta.set(seenKey, String(Math.max(atMs, clock.now()))));
      const actor = `schedule:${schedule.id}`;
      if (isHeldBack(schedule)) return store.write((w) => skipped(w, schedule, actor, { reason: 'overlap', count: 1 }));
      try {
        await begin(schedule, atMs, { actor });
      } catch (error) {
        if (!isFailure(error)) throw error;
        await store.write((w) => skipped(w, schedule, actor, { reason: 'failed', count: 1, error: error.message }));
      }
    },
    runNow: (schedule, origin) => begin(schedule, clock.now(), origin),
    async countMissed(actor) {
      const now = clock.now();
      const seenAt = Number(store.read((r) => r.meta.get(seenKey)) ?? now);
      const schedules = store.read((r) => r.schedules.list(undefined, afterAllIds, limits.schedules));
      for (const schedule of schedules) {
        const from = Math.max(seenAt, schedule.createdAt);
        const count = await countTimes(schedule, from, now, limits.missedTimes);
        if (count === 0) continue;
        await store.write((w) => {
          w.schedules.change(schedule.id, { missed: schedule.missed + count });
          skipped(w, schedule, actor, { reason: 'missed', count });
        });
      }
      await store.write((w) => w.meta.set(seenKey, String(now)));
    },
  };
}

type Skip = Pick<EventData<'schedule.skipped'>, 'reason' | 'count' | 'error'>;

function skipped(w: Writer, { id, projectId, commandName }: ScheduleRecord, actor: string, skip: Skip): void {
  const error = skip.error?.slice(0, limits.errorMessageChars);
  const data = { scheduleId: id, commandName, reason: skip.reason, count: skip.count, ...(error === undefined ? {} : { error }) };
  w.events.append({ type: 'schedule.skipped', subject: { projectId }, actor, data });
}
