// The promises that hold after any fault, looked at from outside.
import { expect } from 'vitest';
import type { RealDaemon } from './real-daemon.ts';

/** One sequence without a hole, and every step told its end once at most. */
export async function expectWholeLog(daemon: RealDaemon): Promise<void> {
  const events = await daemon.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const ends = events.filter(({ type }) => type === 'step.finished').map(({ data }) => (data as { stepRunId: string }).stepRunId);
  expect(new Set(ends).size).toBe(ends.length);
}
