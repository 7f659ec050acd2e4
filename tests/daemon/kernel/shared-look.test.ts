import { expect, test } from 'vitest';
import { createSharedLook } from '../../../daemon/kernel/shared-look.ts';

/** Looks that end when the test says so. */
function manual() {
  const begun: { key: string; end: (value: string) => void; fail: (error: Error) => void }[] = [];
  const look = createSharedLook((key) => new Promise<string>((end, fail) => begun.push({ key, end, fail })));
  return { begun, look };
}

test('whoever asks while one runs shares the next, which begins after it', async () => {
  const { begun, look } = manual();
  const first = look('a');
  const later = [look('a'), look('a')];
  expect(begun.length).toBe(1);
  begun[0]?.end('old');
  expect(await first).toBe('old');
  await expect.poll(() => begun.length).toBe(2);
  begun[1]?.end('new');
  expect(await Promise.all(later)).toEqual(['new', 'new']);
  void look('a');
  expect(begun.length).toBe(3);
});

test('other keys do not wait, and a failure is only of those who shared the look', async () => {
  const { begun, look } = manual();
  const first = look('a');
  const later = look('a');
  void look('b');
  expect(begun.map(({ key }) => key)).toEqual(['a', 'b']);
  begun[0]?.fail(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await expect.poll(() => begun.length).toBe(3);
  begun[2]?.end('there');
  expect(await later).toBe('there');
});
