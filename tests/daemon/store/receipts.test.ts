import { expect, test } from 'vitest';
import type { ReceiptSlot } from '../../../daemon/kernel/origin.ts';
import { fingerprint, settle } from '../../../daemon/store/receipts.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore } from '../../helpers/open-store.ts';

const slot = (key: string): ReceiptSlot => ({ key, method: 'session.start', paramsSha256: fingerprint({}), written: false });

test('the order of keys does not matter to a fingerprint, their values and the order of lists do', () => {
  const same = fingerprint({ a: 1, b: { c: [1, 2], d: null } });
  expect(fingerprint({ b: { d: null, c: [1, 2] }, a: 1 })).toBe(same);
  expect(fingerprint({ b: { d: null, c: [1, 2] }, a: 1, e: undefined })).toBe(same);
  for (const other of [
    { a: 1, b: { c: [2, 1], d: null } },
    { a: '1', b: { c: [1, 2], d: null } },
    { a: 1, b: { c: [1, 2] } },
    { a: 1, b: { c: ['1,2'], d: null } },
    [1],
    'text',
    null,
  ]) {
    expect(fingerprint(other)).not.toBe(same);
  }
  expect(same).toMatch(/^[0-9a-f]{64}$/);
});

test('a receipt is written with its effect, once, and found again with its answer', async () => {
  using opened = openTestStore();
  const { store } = opened;
  const mine = slot('owner k');
  const result = await store.write((w) => {
    w.meta.set('epoch', 'x');
    return settle(w, mine, { id: 'ses_1', list: [1, 'two'] });
  });
  expect(result).toEqual({ id: 'ses_1', list: [1, 'two'] });
  expect(mine.written).toBe(true);
  await store.write((w) => void settle(w, mine, { other: true }));
  expect(store.read((r) => r.receipts.find('owner k'))).toEqual({
    key: 'owner k',
    method: 'session.start',
    paramsSha256: fingerprint({}),
    result: { id: 'ses_1', list: [1, 'two'] },
  });
  expect(store.read((r) => r.receipts.find('owner other'))).toBeUndefined();
});

test('an effect that is rolled back leaves no receipt', async () => {
  using opened = openTestStore();
  const failing = opened.store.write((w) => {
    settle(w, slot('k'), {});
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(opened.store.read((r) => r.receipts.find('k'))).toBeUndefined();
});

test('a call without a key leaves none', async () => {
  using opened = openTestStore();
  expect(await opened.store.write((w) => settle(w, undefined, 7))).toBe(7);
});

test('old receipts go, at most a slice at a time', async () => {
  const clock = createManualClock();
  using opened = openTestStore({ clock });
  for (let n = 0; n < 6; n++) {
    await opened.store.write((w) => void settle(w, slot(`k${n}`), n));
    clock.advance(100);
  }
  const before = clock.now() - 150;
  expect(await opened.store.write((w) => w.receipts.prune(before, 3))).toBe(3);
  expect(await opened.store.write((w) => w.receipts.prune(before, 3))).toBe(2);
  expect(opened.store.read((r) => r.receipts.find('k5')?.result)).toBe(5);
});
