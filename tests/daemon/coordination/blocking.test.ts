import { describe, expect, test } from 'vitest';
import { pathOfWaits } from '../../../daemon/coordination/waits.ts';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';
import { settled } from '../../helpers/manual-clock.ts';
import { idOf } from '../../helpers/open-store.ts';
import { specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';
import { coordinationOf, origin, type Setup, setUp, wks } from './setup.ts';

const blocksOf = (at: Setup, n: number): string[] => at.store.read((r) => at.coordination.blocksOf(r, wks(n)));
const block = (at: Setup, from: number, to: number, more = {}) =>
  at.send({ type: 'blocking', senderId: wks(from), to: [wks(to)], ...more });

describe('a blocking message', () => {
  test('blocks its sender until the response of the recipient, which also acknowledges it', async () => {
    using at = await setUp();
    const { id } = await block(at, 1, 2);
    expect(blocksOf(at, 1)).toEqual([wks(2)]);
    expect(at.coordination.summary(specTaskRow(1)).waits).toEqual([{ workSessionId: wks(1), waitsFor: wks(2), messageId: id }]);
    const answer = await at.send({ type: 'response', inReplyTo: id, senderId: wks(2), body: '4711' });
    expect(answer.deliveries).toMatchObject([{ recipientId: wks(1), status: 'queued' }]);
    expect(blocksOf(at, 1)).toEqual([]);
    expect(at.store.read((r) => r.messages.delivery(id, wks(2)))?.status).toBe('acked');
  });

  test('is not answered by its acknowledgement, nor by the response of another', async () => {
    using at = await setUp();
    const { id } = await at.send({ type: 'blocking', senderId: wks(1), to: [wks(2), wks(3)] });
    await at.coordination.ack(id, workSessionRow(2), origin);
    await at.send({ type: 'response', inReplyTo: id, senderId: wks(3) });
    expect(blocksOf(at, 1)).toEqual([wks(2)]);
    const stranger = at.send({ type: 'response', inReplyTo: id, senderId: wks(4) });
    expect(await detailsOf(stranger, 'PRECONDITION')).toMatchObject({ reason: 'not_a_recipient' });
  });

  test('may be answered by a human in place of all recipients', async () => {
    using at = await setUp();
    const { id } = await at.send({ type: 'blocking', senderId: wks(1), to: [wks(2), wks(3)] });
    await at.send({ type: 'response', inReplyTo: id });
    expect(blocksOf(at, 1)).toEqual([]);
  });

  test.each(['completed', 'failed', 'cancelled'] as const)('blocks nobody once its recipient is %s', async (status) => {
    using at = await setUp();
    await block(at, 1, 2);
    await at.change(2, { status, stage: null });
    expect(blocksOf(at, 1)).toEqual([]);
  });

  test('can only be sent by one that runs', async () => {
    using at = await setUp({ 1: { status: 'pending' } });
    expect(await detailsOf(block(at, 1, 2), 'PRECONDITION')).toMatchObject({ reason: 'sender_not_running' });
  });
});

describe('waiting for each other is refused with the way around', () => {
  test('between two', async () => {
    using at = await setUp();
    await block(at, 1, 2);
    expect(await detailsOf(block(at, 2, 1), 'PRECONDITION')).toEqual({ reason: 'deadlock', path: [wks(2), wks(1), wks(2)] });
    expect(at.coordination.summary(specTaskRow(1)).byType).toEqual({ blocking: 1 });
  });

  test('in a circle of three', async () => {
    using at = await setUp();
    await block(at, 1, 2);
    await block(at, 2, 3);
    const failure = await failureOf(block(at, 3, 1), 'PRECONDITION');
    expect(failure.details).toEqual({ reason: 'deadlock', path: [wks(3), wks(1), wks(2), wks(3)] });
    expect(failure.message).toContain('"Item 3" → "Item 1" → "Item 2" → "Item 3"');
  });

  test('when the other can only begin after the sender', async () => {
    using at = await setUp({ 2: { status: 'pending', stage: 'waiting_dependencies', dependsOn: [wks(1)] }, 3: { status: 'pending' } });
    expect(await detailsOf(block(at, 1, 2), 'PRECONDITION')).toEqual({ reason: 'deadlock', path: [wks(1), wks(2), wks(1)] });
    await at.store.write((w) => void w.implTasks.change(idOf('imp', 3), { dependencies: [idOf('imp', 1)] }));
    expect(await detailsOf(block(at, 1, 3), 'PRECONDITION')).toMatchObject({ reason: 'deadlock' });
  });

  test('when the other waits for the sender as its child', async () => {
    using at = await setUp({ 1: { status: 'blocked', blockedReason: 'waiting_session' }, 2: { parentId: wks(1) } });
    expect(await detailsOf(block(at, 2, 1), 'PRECONDITION')).toMatchObject({ reason: 'deadlock' });
  });

  test('and not any more once one of them was answered', async () => {
    using at = await setUp();
    const { id } = await block(at, 1, 2);
    await at.send({ type: 'response', inReplyTo: id, senderId: wks(2) });
    await block(at, 2, 1);
    expect(blocksOf(at, 2)).toEqual([wks(1)]);
  });

  test('two that block each other at once: one of them is refused', async () => {
    using at = await setUp();
    const both = await Promise.allSettled([block(at, 1, 2), block(at, 2, 1)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

test('a way along waits is the shortest, and none leads where nobody waits', () => {
  const waits = [
    { workSessionId: 'a', waitsFor: 'b' },
    { workSessionId: 'b', waitsFor: 'c' },
    { workSessionId: 'a', waitsFor: 'c' },
    { workSessionId: 'c', waitsFor: 'a' },
  ];
  expect(pathOfWaits(waits, 'a', 'c')).toEqual(['a', 'c']);
  expect(pathOfWaits(waits, 'b', 'a')).toEqual(['b', 'c', 'a']);
  expect(pathOfWaits(waits, 'a', 'z')).toBeUndefined();
});

describe('a deadline', () => {
  const statusOf = (at: Setup, id: string, n: number) => at.store.read((r) => r.messages.delivery(id, wks(n)))?.status;
  const until = async (at: Setup, is: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 1_000 && !is(); turn += 1) await settled();
    expect(is()).toBe(true);
    expect(at.logged).toEqual([]);
  };

  test('expires what was not acknowledged, and ends the wait for an answer', async () => {
    using at = await setUp();
    at.coordination.start();
    const later = await at.send({ to: ['3'], expiresInSeconds: 120 });
    const { id } = await block(at, 1, 2, { expiresInSeconds: 60 });
    const read = await at.send({ to: ['4'], expiresInSeconds: 60 });
    await at.coordination.ack(read.id, workSessionRow(4), origin);
    await at.coordination.ack(id, workSessionRow(2), origin);
    await at.clock.advanceAsync(59_999);
    expect(blocksOf(at, 1)).toEqual([wks(2)]);
    await at.clock.advanceAsync(1);
    await until(at, () => statusOf(at, id, 2) === 'expired');
    expect(blocksOf(at, 1)).toEqual([]);
    expect(statusOf(at, read.id, 4)).toBe('acked');
    expect(statusOf(at, later.id, 3)).toBe('queued');
    expect(at.events().at(-1)).toEqual({
      type: 'coordination.deliveryChanged',
      data: { messageId: id, recipientId: wks(2), status: 'expired' },
    });
    await at.clock.advanceAsync(60_000);
    await until(at, () => statusOf(at, later.id, 3) === 'expired');
    await failureOf(at.coordination.ack(later.id, workSessionRow(3), origin), 'INVALID_TRANSITION');
    await at.coordination.stop();
    expect(at.clock.armed).toBe(0);
  });

  test('that passed while no daemon ran is seen at its start', async () => {
    using at = await setUp();
    const { id } = await at.send({ to: ['1'], expiresInSeconds: 1 });
    await at.coordination.stop();
    at.clock.set(at.clock.now() + 5_000);
    const again = coordinationOf(at);
    again.start();
    await until(at, () => statusOf(at, id, 1) === 'expired');
    await again.stop();
  });
});
