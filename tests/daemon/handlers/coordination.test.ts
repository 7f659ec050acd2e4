// Who may say what: the handlers on real rows, called as an owner and as a process inside a session.
import { expect, test } from 'vitest';
import { coordinationHandlers } from '../../../daemon/handlers/coordination.ts';
import type { Services } from '../../../daemon/handlers/services.ts';
import { sharedStateHandlers } from '../../../daemon/handlers/shared-state.ts';
import type { Call } from '../../../daemon/server/connection.ts';
import { resolveWorkSession } from '../../../daemon/work-sessions/resolve.ts';
import type { Message } from '../../../schemas/index.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { idOf, sessionRow } from '../../helpers/open-store.ts';
import { specTaskId, specTaskRow } from '../../helpers/spec-task-rows.ts';
import { type Setup, setUp, wks } from '../coordination/setup.ts';

const owner = callOf({ actor: 'owner', access: new Set(['operate']) });
/** A token for sessions that belongs to none. */
const nobody = callOf({ actor: 'token:stray', access: new Set(['session', 'read']) });
const inside = (n: number): Call =>
  callOf({ actor: `session:${idOf('ses', n)}`, sessionId: idOf('ses', n), access: new Set(['session', 'read']) });

function callOf(caller: Partial<Call['context']['caller']>): Call {
  return { context: { caller } } as Call;
}

function handlersOf({ coordination, store }: Setup) {
  const services = {
    coordination,
    workSessions: { resolve: (ref: string) => resolveWorkSession(store, ref) },
    specTasks: { resolve: async (ref: string) => specTaskRow(ref === specTaskId ? 1 : 2) },
    sessions: { resolve: (ref: string) => ({ ...sessionRow(1), id: ref, specTaskId }) },
  } as unknown as Services;
  return { ...coordinationHandlers(services), ...sharedStateHandlers(services) };
}

/** A handler may also answer text that is JSON already; these do not. */
const messageOf = async (answer: unknown): Promise<Message> => (await answer) as Message;

const message = { type: 'notification' as const, to: ['2'], body: 'Hello', data: {} };

test('a process inside a session speaks as its work session, and as no other', async () => {
  using at = await setUp();
  const handlers = handlersOf(at);
  expect(await handlers['coordination.send'](message, inside(1))).toMatchObject({ senderId: wks(1) });
  await failureOf(Promise.resolve(handlers['coordination.send']({ ...message, from: wks(3) }, inside(1))), 'FORBIDDEN');
  await failureOf(Promise.resolve(handlers['coordination.send'](message, inside(9))), 'NOT_FOUND');
  const elsewhere = handlers['coordination.send']({ ...message, specTask: idOf('spt', 2) }, inside(1));
  await failureOf(Promise.resolve(elsewhere), 'INVALID_PARAMS');
});

test('it reads and acknowledges for itself only', async () => {
  using at = await setUp();
  const handlers = handlersOf(at);
  const { id } = await messageOf(handlers['coordination.send']({ ...message, to: [wks(2)] }, owner));
  const inboxOf = async (n: number, call: Call) => handlers['coordination.inbox']({ workSession: wks(n), limit: 50 }, call);
  const ackOf = async (n: number, call: Call) => handlers['coordination.ack']({ id, workSession: wks(n) }, call);
  await failureOf(inboxOf(2, inside(1)), 'FORBIDDEN');
  await failureOf(ackOf(2, inside(1)), 'FORBIDDEN');
  expect(await inboxOf(2, inside(2))).toMatchObject({ messages: [{ id }] });
  expect(await ackOf(2, inside(2))).toMatchObject({ deliveries: [{ status: 'acked' }] });
});

test('a human may speak for anybody, or as a human, and the recipients tell which task is meant', async () => {
  using at = await setUp();
  const handlers = handlersOf(at);
  expect(await handlers['coordination.send']({ ...message, from: wks(3) }, owner)).toMatchObject({ senderId: wks(3) });
  expect(await handlers['coordination.send']({ ...message, to: [wks(2)] }, owner)).toMatchObject({ specTaskId });
  const broadcast = await messageOf(handlers['coordination.send']({ ...message, type: 'broadcast', to: [], specTask: specTaskId }, owner));
  expect(broadcast.senderId).toBeUndefined();
  expect(broadcast.deliveries).toHaveLength(4);
  await failureOf(Promise.resolve(handlers['coordination.send']({ ...message, to: [] }, owner)), 'INVALID_PARAMS');
});

test('the shared state of another task is not written from inside of one', async () => {
  using at = await setUp();
  const handlers = handlersOf(at);
  const set = async (specTask: string, call: Call) => handlers['sharedState.set']({ specTask, key: 'a', value: 1 }, call);
  expect(await set(specTaskId, inside(1))).toMatchObject({ version: 1, updatedBy: `session:${idOf('ses', 1)}` });
  await failureOf(set(idOf('spt', 2), inside(1)), 'FORBIDDEN');
  await failureOf(Promise.resolve(handlers['sharedState.delete']({ specTask: idOf('spt', 2), key: 'a' }, inside(1))), 'FORBIDDEN');
  expect(await set(idOf('spt', 2), owner)).toMatchObject({ version: 1 });
});

test('a token for sessions that belongs to none may look, and change nothing', async () => {
  using at = await setUp();
  const handlers = handlersOf(at);
  await failureOf(messageOf(handlers['coordination.send'](message, nobody)), 'FORBIDDEN');
  await failureOf(messageOf(handlers['coordination.send']({ ...message, from: wks(1) }, nobody)), 'FORBIDDEN');
  await failureOf((async () => handlers['coordination.inbox']({ workSession: wks(1), limit: 50 }, nobody))(), 'FORBIDDEN');
  await failureOf(messageOf(handlers['sharedState.set']({ specTask: specTaskId, key: 'a', value: 1 }, nobody)), 'FORBIDDEN');
});
