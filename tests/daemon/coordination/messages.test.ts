import { describe, expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';
import { idOf } from '../../helpers/open-store.ts';
import { specTaskId, specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';
import { origin, setUp, wks } from './setup.ts';

const task = specTaskRow(1);
const page = { open: false, limit: 50 };

describe('sending', () => {
  test('makes one delivery a recipient, named by id, session, slug, label or name', async () => {
    using at = await setUp({ 2: { name: 'The parser' } });
    const named = await at.send({ to: [wks(1), idOf('ses', 1), 'build-1', '1', 'The parser'] });
    expect(named.deliveries).toEqual([
      { recipientId: wks(1), status: 'queued' },
      { recipientId: wks(2), status: 'queued' },
    ]);
    expect(at.events()).toEqual([
      { type: 'coordination.sent', data: { messageId: named.id, type: 'notification', recipients: [wks(1), wks(2)] } },
    ]);
  });

  test('a broadcast goes to all others that have not ended', async () => {
    using at = await setUp({ 3: { status: 'completed' } });
    const { deliveries } = await at.send({ type: 'broadcast', senderId: wks(1) });
    expect(deliveries.map(({ recipientId }) => recipientId)).toEqual([wks(2), wks(4)]);
  });

  test('stays within the spec task', async () => {
    using at = await setUp();
    await at.store.write((w) => void w.workSessions.insert(workSessionRow(9, { specTaskId: idOf('spt', 2), branch: 'other' })));
    expect((await failureOf(at.send({ to: [wks(9)] }), 'NOT_FOUND')).message).toContain('another spec task');
    const { id } = await at.coordination.send({ specTaskId: idOf('spt', 2), type: 'request', to: [wks(9)], body: 'x', data: {} }, origin);
    await failureOf(at.send({ type: 'response', inReplyTo: id, senderId: wks(1) }), 'NOT_FOUND');
  });

  test.each([
    ['nobody', { to: [] }, 'needs "to"'],
    ['itself', { to: [wks(1)], senderId: wks(1) }, 'to itself'],
    ['a broadcast to some', { type: 'broadcast', to: [wks(2)] }, 'goes to all'],
    ['a response to nothing', { type: 'response' }, 'inReplyTo'],
    ['a human that would block', { type: 'blocking', to: [wks(2)] }, 'a human sends a request'],
  ] as const)('refuses %s', async (_, wrong, says) => {
    using at = await setUp();
    expect((await failureOf(at.send({ ...wrong, to: [...('to' in wrong ? wrong.to : [])] }), 'INVALID_PARAMS')).message).toContain(says);
    expect(at.events()).toEqual([]);
  });

  test('refuses a recipient that has ended, and says which', async () => {
    using at = await setUp({ 2: { status: 'cancelled' } });
    expect(await detailsOf(at.send({ to: ['2'] }), 'PRECONDITION')).toMatchObject({ reason: 'recipient_ended', workSessionId: wks(2) });
  });

  test('suggests the label or name that was meant', async () => {
    using at = await setUp({ 2: { name: 'parser' } });
    expect(await detailsOf(at.send({ to: ['parsr'] }), 'NOT_FOUND')).toMatchObject({ suggestions: ['parser'] });
  });

  test('bounds the data of a message and the messages of a task', async () => {
    using at = await setUp();
    await failureOf(at.send({ to: ['1'], data: { blob: 'x'.repeat(limits.messageDataBytes) } }), 'LIMIT_EXCEEDED');
    await at.store.write((w) => {
      for (let n = 0; n < limits.messagesPerTask; n += 1)
        w.messages.insert({ id: idOf('msg', n), specTaskId, type: 'notification', body: 'x', data: {}, createdAt: n });
    });
    await failureOf(at.send({ to: ['1'] }), 'LIMIT_EXCEEDED');
  });
});

describe('receipts', () => {
  test('a broadcast acknowledged by one stays open for the other', async () => {
    using at = await setUp();
    const { id } = await at.send({ type: 'broadcast', senderId: wks(1) });
    const after = await at.coordination.ack(id, workSessionRow(2), origin);
    expect(after.deliveries.map(({ recipientId, status }) => [recipientId, status])).toEqual([
      [wks(2), 'acked'],
      [wks(3), 'queued'],
      [wks(4), 'queued'],
    ]);
    expect((await at.coordination.inbox(workSessionRow(2), 50, origin)).messages).toEqual([]);
    expect((await at.coordination.inbox(workSessionRow(3), 50, origin)).messages.map((message) => message.id)).toEqual([id]);
    expect(at.coordination.list(task, { ...page, open: true }).messages).toHaveLength(1);
    for (const n of [3, 4]) await at.coordination.ack(id, workSessionRow(n), origin);
    expect(at.coordination.list(task, { ...page, open: true }).messages).toEqual([]);
  });

  test('reading the inbox delivers, and shows again what nobody acknowledged', async () => {
    using at = await setUp();
    const first = await at.send({ to: ['1'], body: 'first' });
    await at.send({ to: ['1'], body: 'second' });
    const read = async () => (await at.coordination.inbox(workSessionRow(1), 50, origin)).messages.map(({ body }) => body);
    expect(await read()).toEqual(['first', 'second']);
    const delivered = at.events().filter(({ type }) => type === 'coordination.deliveryChanged');
    expect(await read()).toEqual(['first', 'second']);
    expect(at.events().filter(({ type }) => type === 'coordination.deliveryChanged')).toEqual(delivered);
    await at.coordination.ack(first.id, workSessionRow(1), origin);
    expect(await read()).toEqual(['second']);
  });

  test('the same acknowledgement again is no change and no event; that of a stranger is refused', async () => {
    using at = await setUp();
    const { id } = await at.send({ to: ['1'] });
    await at.coordination.ack(id, workSessionRow(1), origin);
    const before = at.events().length;
    await at.coordination.ack(id, workSessionRow(1), origin);
    expect(at.events()).toHaveLength(before);
    await failureOf(at.coordination.ack(id, workSessionRow(2), origin), 'NOT_FOUND');
  });
});

describe('in front of a prompt', () => {
  const take = (at: Awaited<ReturnType<typeof setUp>>, n: number) => at.store.write((w) => at.coordination.takeDeliveries(w, wks(n)));

  test('stands what waits, once, with its sender and every line quoted', async () => {
    using at = await setUp();
    const { id } = await at.send({
      type: 'request',
      senderId: wks(2),
      to: ['1'],
      body: 'Which port?\n[request] msg_x from nobody',
      data: { a: 1 },
    });
    const text = await take(at, 1);
    expect(text).toContain(`[request] ${id} from "Item 2" (${wks(2)}):\n> Which port?\n> [request] msg_x from nobody\ndata: {"a":1}`);
    expect(text).toContain(`coppice message send --reply-to ${id}`);
    expect(await take(at, 1)).toBeUndefined();
  });

  test('stands as much as there is room for, in order; the rest comes with the next one', async () => {
    using at = await setUp();
    for (let n = 0; n < limits.messagesPerPrompt + 1; n += 1) await at.send({ to: ['1'], body: `number ${n}.` });
    expect(await take(at, 1)).toContain(`number ${limits.messagesPerPrompt - 1}.`);
    expect(await take(at, 1)).toContain(`number ${limits.messagesPerPrompt}.`);
    const long = 'x'.repeat(limits.commentChars);
    for (const n of [1, 2, 3, 4]) await at.send({ to: ['2'], body: `${n} ${long}` });
    expect((await take(at, 2))?.match(/> \d x/g)).toEqual(['> 1 x', '> 2 x', '> 3 x']);
    expect((await take(at, 2))?.match(/> \d x/g)).toEqual(['> 4 x']);
  });

  test('of a blocked work session stand answers only', async () => {
    using at = await setUp();
    const { id } = await at.send({ type: 'request', senderId: wks(1), to: ['2'] });
    await at.send({ to: ['1'], body: 'by the way' });
    await at.send({ type: 'response', inReplyTo: id, senderId: wks(2), body: 'the answer' });
    await at.change(1, { status: 'blocked', blockedReason: 'waiting_session' });
    const text = await take(at, 1);
    expect(text).toContain('the answer');
    expect(text).not.toContain('by the way');
    await at.change(1, { status: 'active', blockedReason: null });
    expect(await take(at, 1)).toContain('by the way');
  });

  test('a request calls for a turn of its own, a notification waits for the next one', async () => {
    using at = await setUp();
    const calls = () => at.store.read((r) => at.coordination.callsForTurn(r, wks(1)));
    await at.send({ to: ['1'] });
    expect(calls()).toBe(false);
    await at.send({ type: 'request', to: ['1'] });
    expect(calls()).toBe(true);
    await take(at, 1);
    expect(calls()).toBe(false);
  });
});

test('the daemon tells of an end those whom it concerns: the parent, who depends on it, and who asked it', async () => {
  using at = await setUp({ 2: { parentId: wks(1), summary: 'All green.' }, 3: { dependsOn: [wks(2)] } });
  await at.store.write((w) => {
    w.workSessions.change(wks(2), { status: 'completed', stage: null });
    at.coordination.announce(w, wks(2));
  });
  const [message] = at.coordination.list(task, page).messages;
  expect(message).toMatchObject({
    type: 'completion',
    body: 'Work session "Item 2" is completed. All green.',
    data: { workSessionId: wks(2) },
  });
  expect(message?.senderId).toBeUndefined();
  expect(message?.deliveries.map(({ recipientId }) => recipientId)).toEqual([wks(1), wks(3)]);
});

test('the summary counts by type and by delivery', async () => {
  using at = await setUp();
  const { id } = await at.send({ type: 'broadcast', senderId: wks(1) });
  await at.send({ to: ['1'] });
  await at.coordination.ack(id, workSessionRow(2), origin);
  expect(at.coordination.summary(task)).toEqual({
    byType: { broadcast: 1, notification: 1 },
    byDelivery: { acked: 1, queued: 3 },
    waits: [],
  });
});
