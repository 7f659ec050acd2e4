import { schedule } from 'node-cron';

/** Runs `work` at the times of a cron expression, never twice at once. Answers how to end it. */
export function everyCron(expression: string, work: () => Promise<void> | void): () => Promise<void> {
  const task = schedule(expression, () => work(), { noOverlap: true });
  return async () => {
    await task.destroy();
  };
}
