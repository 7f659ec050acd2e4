import { expect, test } from 'vitest';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import { settled } from '../../helpers/manual-clock.ts';

/** Work that ends when the test says so. */
function work(trace: string[], name: string) {
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const run = async (): Promise<string> => {
    trace.push(`${name} begins`);
    await done;
    trace.push(`${name} ends`);
    return name;
  };
  return { run, finish: () => finish() };
}

test('work on one key runs in order, one at a time', async () => {
  const queue = createKeyedQueue();
  const trace: string[] = [];
  const [a, b] = [work(trace, 'a'), work(trace, 'b')];
  const results = Promise.all([queue.run('key', a.run), queue.run('key', b.run)]);
  b.finish();
  await settled();
  expect(trace).toEqual(['a begins']);
  a.finish();
  expect(await results).toEqual(['a', 'b']);
  expect(trace).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('work on different keys runs side by side', async () => {
  const queue = createKeyedQueue();
  const trace: string[] = [];
  const [a, b] = [work(trace, 'a'), work(trace, 'b')];
  const first = queue.run('one', a.run);
  b.finish();
  expect(await queue.run('two', b.run)).toBe('b');
  a.finish();
  await first;
  expect(trace.indexOf('b ends')).toBeLessThan(trace.indexOf('a ends'));
});

test('a failure reaches whoever asked for the work and lets the next one run', async () => {
  const queue = createKeyedQueue();
  const failed = queue.run('key', () => {
    throw new Error('no');
  });
  const next = queue.run('key', () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('idle resolves when everything is through, also what came while it waited', async () => {
  const queue = createKeyedQueue();
  const trace: string[] = [];
  const [a, b] = [work(trace, 'a'), work(trace, 'b')];
  void queue.run('one', a.run);
  const idle = queue.idle().then(() => trace.push('idle'));
  void queue.run('two', b.run);
  a.finish();
  await settled();
  expect(trace).not.toContain('idle');
  b.finish();
  await idle;
  expect(trace.at(-1)).toBe('idle');
  await queue.idle();
});

test('shared work runs side by side, as much at once as there is room for', async () => {
  const queue = createKeyedQueue(2);
  const trace: string[] = [];
  const [a, b, c] = [work(trace, 'a'), work(trace, 'b'), work(trace, 'c')];
  const results = Promise.all([a, b, c].map(({ run }) => queue.share('key', run)));
  await settled();
  expect(trace).toEqual(['a begins', 'b begins']);
  b.finish();
  await settled();
  expect(trace).toEqual(['a begins', 'b begins', 'b ends', 'c begins']);
  a.finish();
  c.finish();
  expect(await results).toEqual(['a', 'b', 'c']);
});

test('what has to be alone waits for what is shared, and what is shared later waits for it', async () => {
  const queue = createKeyedQueue(2);
  const trace: string[] = [];
  const [a, alone, later] = [work(trace, 'a'), work(trace, 'alone'), work(trace, 'later')];
  const results = Promise.all([queue.share('key', a.run), queue.run('key', alone.run), queue.share('key', later.run)]);
  await settled();
  expect(trace).toEqual(['a begins']);
  a.finish();
  await settled();
  expect(trace).toEqual(['a begins', 'a ends', 'alone begins']);
  alone.finish();
  later.finish();
  await results;
  expect(trace).toEqual(['a begins', 'a ends', 'alone begins', 'alone ends', 'later begins', 'later ends']);
});

test('a failure of shared work makes room for the next', async () => {
  const queue = createKeyedQueue(1);
  const failed = queue.share('key', () => Promise.reject(new Error('no')));
  const next = queue.share('key', () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
  await queue.idle();
});
