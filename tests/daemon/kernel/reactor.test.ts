import { expect, test } from 'vitest';
import { createReactor } from '../../../daemon/kernel/reactor.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

function reactorOf(advance: (key: string, signal: AbortSignal) => Promise<boolean>) {
  const clock = createManualClock();
  const errors: unknown[] = [];
  return { clock, errors, reactor: createReactor({ clock, advance, onError: (error) => errors.push(error) }) };
}

test('a key is looked at until there is nothing to be done', async () => {
  let left = 3;
  const { reactor } = reactorOf(async () => left-- > 1);
  reactor.poke('a');
  await reactor.idle();
  expect(left).toBe(0);
});

test('what is poked while it is being looked at is looked at again, never twice at once', async () => {
  const seen: string[] = [];
  let release = (): void => {};
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { reactor } = reactorOf(async () => {
    seen.push('begin');
    await first;
    seen.push('end');
    return false;
  });
  reactor.poke('a');
  reactor.poke('a');
  reactor.poke('a');
  release();
  await reactor.idle();
  expect(seen).toEqual(['begin', 'end', 'begin', 'end'].slice(0, seen.length));
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(seen.length).toBeLessThanOrEqual(4);
});

test('keys do not wait for each other', async () => {
  const { reactor } = reactorOf((key, signal) =>
    key === 'stuck' ? new Promise((resolve) => signal.addEventListener('abort', () => resolve(false))) : Promise.resolve(false),
  );
  reactor.poke('stuck');
  reactor.poke('quick');
  await reactor.stop();
});

test('after a failure it is told, and the key is looked at again after a pause that grows', async () => {
  let calls = 0;
  const { clock, errors, reactor } = reactorOf(async () => {
    calls += 1;
    if (calls < 3) throw new Error(`failure ${calls}`);
    return false;
  });
  reactor.poke('a');
  await reactor.idle();
  expect([calls, errors.length]).toEqual([1, 1]);
  clock.advance(1_000);
  await reactor.idle();
  expect([calls, errors.length]).toEqual([2, 2]);
  clock.advance(1_000);
  await reactor.idle();
  expect(calls).toBe(2);
  clock.advance(1_000);
  await reactor.idle();
  expect([calls, errors.length]).toEqual([3, 2]);
});

test('after a stop nothing is looked at any more', async () => {
  let calls = 0;
  const { reactor } = reactorOf(async () => {
    calls += 1;
    return false;
  });
  await reactor.stop();
  reactor.poke('a');
  await reactor.idle();
  expect(calls).toBe(0);
});

test('a look that pokes its own key at once is followed by another, not entered again', async () => {
  const seen: string[] = [];
  const { reactor, errors } = reactorOf(async () => {
    seen.push('begin');
    if (seen.length < 3) reactor.poke('a');
    seen.push('end');
    return false;
  });
  reactor.poke('a');
  await reactor.idle();
  expect(seen).toEqual(['begin', 'end', 'begin', 'end']);
  expect(errors).toEqual([]);
});
