// Schedules: the rows say which there are, a timer each says when. Those of command files follow the files.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Schedule } from '../../schemas/schedule.ts';
import type { Session } from '../../schemas/session.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { timezoneProblem } from '../kernel/timezone.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { ScheduleRecord } from '../store/tables/schedules.ts';
import { cronProblem } from '../tools/cron.ts';
import type { FileSchedules } from './file-schedules.ts';
import type { Firing } from './firing.ts';
import { scheduleTimers } from './timers.ts';

export interface NewSchedule {
  readonly projectId: string;
  readonly command: string;
  readonly cron: string;
  readonly timezone?: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly overlap: 'skip' | 'queue';
}

export interface ScheduleService {
  list(projectId: string | undefined, cursor: string | undefined, limit: number): { schedules: Schedule[]; nextCursor?: string };
  get(id: string): Schedule;
  /** The command and its arguments are checked by the caller. */
  create(schedule: NewSchedule, origin: Origin): Promise<Schedule>;
  remove(id: string, origin: Origin): Promise<void>;
  runNow(id: string, origin: Origin): Promise<Session>;
  /** Takes over what the command files of a project, or of all, say by now. */
  follow(projectId?: string): Promise<void>;
  /** Counts what was missed and begins. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ScheduleDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly firing: Firing;
  readonly fileSchedules: FileSchedules;
}

export function createScheduleService({ store, clock, ids, log, firing, fileSchedules }: ScheduleDeps): ScheduleService {
  const find = (id: string): ScheduleRecord => {
    const found = store.read((r) => r.schedules.get(id));
    if (found) return found;
    throw new Failure('NOT_FOUND', `There is no schedule "${id}"; "coppice schedule list" shows them.`, {
      details: { entity: 'schedule', id },
    });
  };
  const timers = scheduleTimers({
    async due(id, atMs) {
      const before = store.read((r) => r.schedules.get(id));
      // The file may have changed since it was last looked at: what it says no more does not run.
      if (before?.source === 'file') await follow(before.projectId);
      const schedule = store.read((r) => r.schedules.get(id));
      if (schedule) await firing.fire(schedule, atMs);
    },
    failed: (id, error) => log.error({ err: error, scheduleId: id }, 'a schedule could not be run; its next time is tried again'),
  });
  const arm = (): Promise<void> => timers.set(store.read((r) => r.schedules.list(undefined, afterAllIds, limits.schedules)));
  const follow = async (projectId?: string): Promise<void> => {
    if (await fileSchedules.follow(projectId)) await arm();
  };
  const view = ({ createdAt, lastAt, ...plain }: ScheduleRecord): Schedule => {
    const nextAt = timers.nextAt(plain.id);
    return {
      ...plain,
      createdAt: isoTime(createdAt),
      ...(lastAt === undefined ? {} : { lastAt: isoTime(lastAt) }),
      ...(nextAt === undefined ? {} : { nextAt: isoTime(nextAt) }),
    };
  };
  return {
    follow,
    list(projectId, cursor, limit) {
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.schedules.list(projectId, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { schedules: rows.map(view), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    get: (id) => view(find(id)),
    async create({ projectId, command, cron, timezone, arguments: given, overlap }, origin) {
      const problem = cronProblem(cron) ?? (timezone === undefined ? undefined : timezoneProblem(timezone));
      if (problem !== undefined) throw new Failure('INVALID_PARAMS', problem);
      const record: ScheduleRecord = {
        ...{ id: ids.next('sch'), projectId, commandName: command, cron, arguments: given, overlap, source: 'call', missed: 0 },
        createdAt: clock.now(),
        ...(timezone === undefined ? {} : { timezone }),
      };
      await store.write((w) => {
        if (w.schedules.count() >= limits.schedules) throw tooMany(w.schedules.count());
        w.schedules.insert(record);
        const data = { scheduleId: record.id, commandName: command, cron };
        w.events.append({ type: 'schedule.created', subject: { projectId }, actor: origin.actor, data });
        settle(w, origin.receipt, view(record));
      });
      await arm();
      return view(record);
    },
    async remove(id, origin) {
      const { source, projectId, commandName } = find(id);
      if (source === 'file') {
        throw new Failure('PRECONDITION', `The schedule stands in the file of the command "${commandName}"; take the line out there.`, {
          details: { reason: 'schedule_of_file' },
        });
      }
      await store.write((w) => {
        w.schedules.remove(id);
        w.events.append({ type: 'schedule.removed', subject: { projectId }, actor: origin.actor, data: { scheduleId: id, commandName } });
        settle(w, origin.receipt, {});
      });
      await arm();
    },
    runNow: (id, origin) => firing.runNow(find(id), origin),
    async start() {
      await firing.countMissed(byDaemon.actor);
      await fileSchedules.follow();
      await arm();
    },
    stop: () => timers.stop(),
  };
}

function tooMany(count: number): Failure {
  return new Failure('LIMIT_EXCEEDED', `There are ${count} schedules; remove some first.`, {
    details: { limit: limits.schedules, value: count },
  });
}
