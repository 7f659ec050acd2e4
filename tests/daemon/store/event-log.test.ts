import { expect, test } from 'vitest';
import type { Subject } from '../../../schemas/event.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, type TestStore } from '../../helpers/open-store.ts';

const append = (opened: TestStore, reason: string, subject: Subject = {}): Promise<void> =>
  opened.store.write((w) => w.events.append({ type: 'daemon.stopping', subject, actor: 'owner', data: { reason } }));
const seqs = (opened: TestStore, after = 0, limit = 1000, subject?: Subject): number[] =>
  opened.store.read((r) => r.events.page(after, limit, subject).map(({ seq }) => seq));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('an event is kept as clients get it: its sequence number, its time, and what it was given', async () => {
  const clock = createManualClock(Date.UTC(2031, 1, 3, 4, 5, 6, 7));
  using opened = openTestStore({ clock });
  const subject = { projectId: idOf('prj', 1), sessionId: idOf('ses', 2), worktreeId: idOf('wt', 3) };
  await append(opened, 'so "quoted"', subject);
  const [logged] = opened.store.read((r) => r.events.page(0, 1));
  expect(logged).toMatchObject({ seq: 1, type: 'daemon.stopping', subject });
  expect(JSON.parse(logged?.text ?? '')).toEqual({
    seq: 1,
    at: '2031-02-03T04:05:06.007Z',
    type: 'daemon.stopping',
    subject,
    actor: 'owner',
    data: { reason: 'so "quoted"' },
  });
});

test('a page as text is what its events say, in their order, with the position after it', async () => {
  using opened = openTestStore();
  const sessionId = idOf('ses', 1);
  for (let n = 0; n < 30; n += 1) await append(opened, `"${n}" – ü`, n % 3 === 0 ? { sessionId } : {});
  for (const [after, limit, subject] of [
    [0, 10],
    [7, 100],
    [4, 3, { sessionId }],
    [30, 5],
    [0, 5, { sessionId: idOf('ses', 2) }],
  ] as const) {
    const { page, text } = opened.store.read((r) => ({
      page: r.events.page(after, limit, subject),
      text: r.events.pageText(after, limit, subject),
    }));
    expect(text).toEqual({ text: page.map((event) => event.text).join(','), count: page.length, through: page.at(-1)?.seq ?? after });
  }
});

test('sequence numbers have no gap over rollbacks', async () => {
  using opened = openTestStore();
  for (let n = 0; n < 20; n++) {
    const good = append(opened, 'good');
    const bad = opened.store.write((w) => {
      for (let extra = 0; extra < 3; extra++)
        w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'owner', data: { reason: 'bad' } });
      throw new Error('no');
    });
    await Promise.allSettled([bad, good, bad]);
  }
  expect(seqs(opened)).toEqual(range(1, 20));
});

test('a log that was pruned empty goes on counting where it was', async () => {
  const clock = createManualClock();
  using opened = openTestStore({ clock });
  for (let n = 0; n < 5; n++) await append(opened, 'old');
  const pruned = await opened.store.write((w) => w.events.prune({ beforeMs: clock.now() + 1, keepRows: 1000, limit: 1000 }));
  expect(pruned).toBe(5);
  expect(opened.store.read((r) => [r.events.firstSeq(), r.events.lastSeq(), r.events.page(0, 10)])).toEqual([6, 5, []]);
  await append(opened, 'new');
  expect(seqs(opened)).toEqual([6]);
});

test('an empty log begins before its first event', () => {
  using opened = openTestStore();
  expect(opened.store.read((r) => [r.events.firstSeq(), r.events.lastSeq()])).toEqual([1, 0]);
});

test.each(['projectId', 'sessionId', 'worktreeId', 'specTaskId', 'workSessionId'] as const)('a page can be of one %s', async (key) => {
  using opened = openTestStore();
  const [mine, other] = [idOf('ses', 1), idOf('ses', 2)];
  for (let n = 0; n < 10; n++) await append(opened, 'x', n % 2 ? { [key]: mine } : { [key]: other });
  await append(opened, 'about nothing');
  expect(seqs(opened, 0, 1000, { [key]: mine })).toEqual([2, 4, 6, 8, 10]);
  expect(seqs(opened, 4, 2, { [key]: mine })).toEqual([6, 8]);
  expect(seqs(opened, 0, 1000, { [key]: idOf('ses', 3) })).toEqual([]);
});

test('a subject with two ids asks for events that have both', async () => {
  using opened = openTestStore();
  const [projectId, sessionId] = [idOf('prj', 1), idOf('ses', 1)];
  await append(opened, 'x', { projectId });
  await append(opened, 'x', { projectId, sessionId });
  await append(opened, 'x', { sessionId });
  expect(seqs(opened, 0, 10, { projectId, sessionId })).toEqual([2]);
});

test('pruning takes the oldest by age, at most a slice at a time', async () => {
  const clock = createManualClock();
  using opened = openTestStore({ clock });
  for (let n = 0; n < 10; n++) {
    await append(opened, 'x');
    clock.advance(1000);
  }
  const beforeMs = clock.now() - 4000;
  const prune = (limit: number): Promise<number> => opened.store.write((w) => w.events.prune({ beforeMs, keepRows: 1000, limit }));
  expect(await prune(4)).toBe(4);
  expect(await prune(4)).toBe(2);
  expect(await prune(4)).toBe(0);
  expect(seqs(opened)).toEqual(range(7, 10));
});

test('pruning keeps the newest rows and takes the rest, also young ones', async () => {
  using opened = openTestStore();
  for (let n = 0; n < 10; n++) await append(opened, 'x');
  expect(await opened.store.write((w) => w.events.prune({ beforeMs: 0, keepRows: 3, limit: 100 }))).toBe(7);
  expect(seqs(opened)).toEqual([8, 9, 10]);
});

test('pruning looks at the oldest slice only: what is behind young rows is not looked for', async () => {
  const clock = createManualClock();
  using opened = openTestStore({ clock });
  const beforeMs = clock.now();
  for (let n = 0; n < 5; n++) await append(opened, 'young');
  clock.set(beforeMs - 1000);
  await append(opened, 'old');
  const prune = (limit: number): Promise<number> => opened.store.write((w) => w.events.prune({ beforeMs, keepRows: 1000, limit }));
  expect(await prune(5)).toBe(0);
  expect(await prune(6)).toBe(1);
});

test('an event over the limit is refused and undoes its write; one value of the allowed size fits', async () => {
  using opened = openTestStore();
  await expect(append(opened, 'x'.repeat(limits.eventDataBytes))).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED' });
  expect(opened.store.read((r) => r.events.lastSeq())).toBe(0);
  const subject = { projectId: idOf('prj', 1), sessionId: idOf('ses', 1), worktreeId: idOf('wt', 1) };
  const value = 'x'.repeat(limits.sharedDataBytes - 2);
  const data = { key: 'k'.repeat(limits.nameChars), value };
  await opened.store.write((w) => w.events.append({ type: 'session.dataSet', subject, actor: `session:${idOf('ses', 1)}`, data }));
  expect(opened.store.read((r) => r.events.lastSeq())).toBe(1);
});
