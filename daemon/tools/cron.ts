import { createTask, type ScheduledTask, schedule, validateDetailed } from 'node-cron';

/** The first expression takes node-cron 15 ms, for which nobody who waits for a start need wait. */
const beginsAfterMs = 1_000;

/** Runs `work` at the times of a cron expression from now on, give or take a second, never twice at once. Answers how to end it. */
export function everyCron(expression: string, work: () => Promise<void> | void): () => Promise<void> {
  let task: ScheduledTask | undefined;
  const beginning = setTimeout(() => {
    task = schedule(expression, () => work(), { noOverlap: true });
  }, beginsAfterMs);
  return async () => {
    clearTimeout(beginning);
    await task?.destroy();
  };
}

export interface CronTimes {
  readonly cron: string;
  readonly timezone?: string | undefined;
}

export interface CronTask {
  nextAt(): number | undefined;
  stop(): Promise<void>;
}

/** Calls `work` with each time of an expression. What `work` throws is its own to handle. */
export function startCron({ cron, timezone }: CronTimes, work: (atMs: number) => Promise<void>): CronTask {
  const task = schedule(cron, ({ date }) => work(date.getTime()), {
    suppressMissedWarning: true,
    ...(timezone === undefined ? {} : { timezone }),
  });
  return {
    nextAt: () => task.getNextRun()?.getTime(),
    stop: async () => void (await task.destroy()),
  };
}

export function cronProblem(cron: string): string | undefined {
  const { valid, errors } = validateDetailed(cron);
  if (valid) return undefined;
  const why = errors[0]?.message;
  return `"${cron.slice(0, 60)}" is no cron expression${why === undefined ? '' : ` (${why})`}; write one like "0 3 * * *".`;
}

/** Minutes, or seconds where the expression names them; between slices the event loop gets its turn. */
const sliceSteps = 200;

/** How many times of an expression lie after `fromMs` and up to `toMs`, looking back `maxSteps` steps at most. */
export async function countTimes({ cron, timezone }: CronTimes, fromMs: number, toMs: number, maxSteps: number): Promise<number> {
  const stepMs = cron.trim().split(/\s+/).length > 5 ? 1_000 : 60_000;
  const task = createTask(cron, () => undefined, timezone === undefined ? {} : { timezone });
  try {
    let count = 0;
    const last = Math.floor(toMs / stepMs) * stepMs;
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const at = last - steps * stepMs;
      if (at <= fromMs) break;
      if (task.match(new Date(at))) count += 1;
      if (steps % sliceSteps === sliceSteps - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  } finally {
    await task.destroy();
  }
}
