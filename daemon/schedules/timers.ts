// One cron timer a schedule, kept in step with the rows.
import type { ScheduleRecord } from '../store/tables/schedules.ts';
import { type CronTask, startCron } from '../tools/cron.ts';

export interface ScheduleTimers {
  /** These and no others. A schedule never changes under its id. */
  set(schedules: readonly ScheduleRecord[]): Promise<void>;
  nextAt(id: string): number | undefined;
  stop(): Promise<void>;
}

interface TimerDeps {
  readonly due: (id: string, atMs: number) => Promise<void>;
  readonly failed: (id: string, error: unknown) => void;
}

export function scheduleTimers({ due, failed }: TimerDeps): ScheduleTimers {
  const tasks = new Map<string, CronTask>();
  const running = new Set<Promise<void>>();
  let stopped = false;

  const begin = (schedule: ScheduleRecord): CronTask =>
    startCron(schedule, async (atMs) => {
      if (stopped || !tasks.has(schedule.id)) return;
      const work = due(schedule.id, atMs).catch((error: unknown) => failed(schedule.id, error));
      running.add(work);
      await work.finally(() => running.delete(work));
    });
  return {
    async set(schedules) {
      if (stopped) return;
      const wanted = new Set(schedules.map(({ id }) => id));
      const gone = [...tasks].filter(([id]) => !wanted.has(id));
      for (const [id] of gone) tasks.delete(id);
      for (const schedule of schedules) if (!tasks.has(schedule.id)) tasks.set(schedule.id, begin(schedule));
      for (const [, task] of gone) await task.stop();
    },
    nextAt: (id) => tasks.get(id)?.nextAt(),
    async stop() {
      stopped = true;
      for (const task of tasks.values()) await task.stop();
      tasks.clear();
      await Promise.all(running);
    },
  };
}
