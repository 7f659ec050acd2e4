import { cpuMs, cpuMsAwaited } from '../helpers/cpu-time.ts';

/** Processor time for so many bytes; what is longer may take in proportion. */
export interface TimeBound {
  readonly ms: number;
  readonly perBytes: number;
}

/** What the work answers; throws when it takes longer than its text allows. */
export function inTime<T>(text: string, bound: TimeBound, work: () => T): T {
  let answer: { readonly value: T } | undefined;
  const most = allowedMs(text, bound);
  const took = cpuMs(() => {
    answer = { value: work() };
  }, most);
  return judged(answer, took, most);
}

export async function inTimeAwaited<T>(text: string, bound: TimeBound, work: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  const most = allowedMs(text, bound);
  const took = await cpuMsAwaited(async () => {
    answer = { value: await work() };
  }, most);
  return judged(answer, took, most);
}

function allowedMs(text: string, { ms, perBytes }: TimeBound): number {
  return ms * Math.max(1, Buffer.byteLength(text) / perBytes);
}

function judged<T>(answer: { readonly value: T } | undefined, took: number, most: number): T {
  if (took > most) throw new Error(`it takes ${took.toFixed(1)} ms, at most ${most.toFixed(1)} ms are allowed`);
  if (answer === undefined) throw new Error('it was never run');
  return answer.value;
}
