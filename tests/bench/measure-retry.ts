// What a policy costs a call that succeeds.

import { systemClock } from '../../daemon/kernel/clock.ts';
import { retry } from '../../daemon/kernel/retry.ts';
import type { Ground } from './ground.ts';
import type { Row } from './rows.ts';
import { inTurn, median, percentile } from './samples.ts';

const calls = 1_000;
const policy = { maxAttempts: 3, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 10_000, jitter: 0.5 };
const options = { clock: systemClock, random: () => 0.5 };

/** In microseconds a call. */
async function each(call: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < calls; n += 1) await call();
  return ((performance.now() - startedAt) * 1_000) / calls;
}

export async function measureRetry(_: Ground, rounds: number): Promise<Row[]> {
  const work = async (): Promise<number> => 1;
  const { samples, failures } = await inTurn(
    { ours: { sample: () => each(() => retry(work, policy, options)) }, raw: { sample: () => each(work) } },
    rounds,
  );
  const added = samples.ours.map((value, round) => value - (samples.raw[round] ?? value));
  const of = (values: readonly number[]) => ({ p50: median(values), p95: percentile(values, 0.95) });
  return [
    {
      ...{ name: 'retry.overhead', raw: 'the call alone', unit: 'µs', kind: 'value', n: added.length, failures },
      ...{ ours: of(samples.ours), limit: of(samples.raw), figure: median(added), target: { must: 10, aim: 1 } },
    },
  ];
}
