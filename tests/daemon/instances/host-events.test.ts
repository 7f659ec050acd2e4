import { expect, test } from 'vitest';
import type { HostEvent } from '../../../daemon/agents/host/protocol.ts';
import { applyHostEvent } from '../../../daemon/instances/host-events.ts';
import { createPermissionService } from '../../../daemon/instances/permissions.ts';
import { changePrompt } from '../../../daemon/instances/transition.ts';
import type { Permission } from '../../../schemas/permission.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { owner, type Setup, setUp } from './setup.ts';

type Told = { [K in HostEvent['kind']]: { kind: K; data: Extract<HostEvent, { kind: K }>['data'] } }[HostEvent['kind']];

/** Tells events of the first thread, numbered on. */
function teller(setup: Setup) {
  let seq = 0;
  const apply = (event: HostEvent) => setup.store.write((w) => applyHostEvent(setup.deps, w, setup.instance.id, event));
  return {
    async tell(told: Told): Promise<HostEvent> {
      seq += 1;
      const event = { seq, at: 0, threadId: setup.thread.id, ...told } as HostEvent;
      await apply(event);
      return event;
    },
    apply,
  };
}

const opened = {
  kind: 'thread.opened',
  data: { generation: 1, externalId: 'conversation', how: 'new', agentPid: 1, capabilities: {} },
} as const;

async function inTurn() {
  const setup = await setUp();
  await setup.ensure();
  const { tell, apply } = teller(setup);
  await tell(opened);
  const { id: promptId } = await setup.enqueue();
  await setup.store.write((w) => {
    const prompt = w.prompts.get(promptId);
    if (prompt) changePrompt(w, prompt, { status: 'submitted', attempts: 1 });
  });
  await tell({ kind: 'turn.started', data: { promptId } });
  return { setup, tell, apply, promptId };
}

const options: Permission['options'] = [
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
];
const asked: Told = { kind: 'permission.requested', data: { requestKey: '1-1-1', title: 'Write it', toolCall: {}, options } };

test('a prompt is accepted by what its agent does, not by having left', async () => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  expect(setup.prompts()[0]?.status).toBe('submitted');
  await tell({ kind: 'update', data: { update: { sessionUpdate: 'agent_message_chunk' } } });
  expect(setup.prompts()[0]).toMatchObject({ status: 'accepted', proof: expect.any(String) });
  expect(setup.thread.agentState).toMatchObject({ state: 'working', source: 'protocol' });
});

test('each event counts once, however often it is told', async () => {
  const { setup, tell, apply, promptId } = await inTurn();
  using _ = setup;
  const finished = await tell({ kind: 'turn.finished', data: { promptId, stopReason: 'end_turn', cancelled: false } });
  await apply(finished);
  expect(setup.thread).toMatchObject({ turn: 'idle', turns: 1, lastStopReason: 'end_turn' });
  expect(setup.events('thread.turnFinished')).toHaveLength(1);
});

test("the agent's own plan is counted by what is done", async () => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  const entries = [{ status: 'completed' }, { status: 'completed' }, { status: 'in_progress' }, { status: 'pending' }];
  await tell({ kind: 'update', data: { update: { sessionUpdate: 'plan', entries } } });
  expect(setup.thread.ticked).toBe(0.5);
});

test('a usage limit pauses the thread until its end, and is no end of the turn', async () => {
  const { setup, tell, promptId } = await inTurn();
  using _ = setup;
  const wakeAt = setup.clock.now() + 3_600_000;
  await tell({ kind: 'turn.failed', data: { promptId, code: 'rate_limited', message: 'usage limit reached', wakeAt } });
  expect(setup.thread).toMatchObject({ status: 'active', turn: 'idle', turns: 0, wakeAt });
  expect(setup.thread.agentState).toMatchObject({ state: 'rate_limited', wakeAt: new Date(wakeAt).toISOString() });
  expect(setup.prompts().map(({ status }) => status)).toEqual(['accepted', 'queued']);
});

test('an agent that dies over its turn interrupts it', async () => {
  const { setup, tell, promptId } = await inTurn();
  using _ = setup;
  await tell({ kind: 'turn.failed', data: { promptId, code: 'exited', message: 'it ended' } });
  await tell({ kind: 'thread.exited', data: { exitCode: 1, signal: null } });
  expect(setup.thread).toMatchObject({ status: 'disconnected', turns: 1, lastTurnInterrupted: true, externalId: 'conversation' });
});

test('a prompt that nothing proves is failed and shown to a human, and the thread goes on', async () => {
  const { setup, tell, promptId } = await inTurn();
  using _ = setup;
  await tell({ kind: 'turn.failed', data: { promptId, code: 'timeout', message: 'no hook told' } });
  expect(setup.prompts()[0]).toMatchObject({ status: 'failed', failure: 'no hook told' });
  expect(setup.thread.status).toBe('active');
  expect(setup.events('attention.raised').map(({ kind }) => kind)).toEqual(['silent']);
});

test('a login is asked of a human and not tried again', async () => {
  using setup = await setUp();
  await setup.ensure();
  const { tell } = teller(setup);
  await tell({ kind: 'thread.openFailed', data: { generation: 0, code: 'auth_required', message: 'log in' } });
  expect(setup.thread.status).toBe('failed');
  expect(setup.events('attention.raised').map(({ kind }) => kind)).toEqual(['login_required']);
});

test('the name of a conversation is dropped only when it is gone', async () => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  await tell({ kind: 'thread.exited', data: { exitCode: 1, signal: null } });
  await tell({ kind: 'thread.openFailed', data: { generation: 2, code: 'gone', message: 'no such conversation' } });
  expect(setup.thread.externalId).toBeUndefined();
  expect(setup.thread.status).not.toBe('failed');
});

test('a conversation that its agent does not open again is told, and the next attempt begins another', async () => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  await tell({ kind: 'thread.exited', data: { exitCode: 1, signal: null } });
  await tell({ kind: 'thread.openFailed', data: { generation: 2, code: 'error', message: 'no model' } });
  expect(setup.thread.externalId).toBeDefined();
  await setup.ensure();
  await tell({ kind: 'thread.openFailed', data: { generation: 2, code: 'not_resumed', message: 'it is damaged' } });
  expect(setup.thread.externalId).toBeUndefined();
  expect(setup.thread).toMatchObject({
    status: 'failed',
    lastStopReason: 'it did not open its conversation again: it is damaged; the next attempt begins a new one',
  });
});

test('a request is one permission with attention, and the first answer wins', async () => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  await tell(asked);
  expect(setup.thread.turn).toBe('requires_action');
  expect(setup.thread.agentState?.state).toBe('waiting_permission');
  const service = createPermissionService(setup.deps);
  const [one] = service.list({}, undefined, 10).permissions;
  const id = one?.id ?? '';
  await failureOf(service.answer(id, 'maybe', owner), 'INVALID_PARAMS');
  expect(await service.answer(id, 'yes', owner)).toMatchObject({ status: 'answered', answer: 'yes', answeredBy: 'owner' });
  await failureOf(service.answer(id, 'no', { actor: 'token:late' }), 'INVALID_TRANSITION');
  expect(setup.events('attention.raised')).toHaveLength(1);
  expect(setup.events('attention.cleared')).toHaveLength(1);
});

test.for([
  { policy: 'allow', answer: 'yes' },
  { policy: 'reject', answer: 'no' },
] as const)('by policy $policy a request is answered with "$answer" and waits for nobody', async ({ policy, answer }) => {
  const { setup, tell } = await inTurn();
  using _ = setup;
  setup.permissions = policy;
  await tell(asked);
  const [one] = createPermissionService(setup.deps).list({}, undefined, 10).permissions;
  expect(one).toMatchObject({ status: 'answered', answer });
  expect(one?.answeredBy).toMatch(/^policy:/);
  expect(setup.events('attention.raised')).toEqual([]);
});

test('a request whose turn ends is withdrawn, with its attention', async () => {
  const { setup, tell, promptId } = await inTurn();
  using _ = setup;
  await tell(asked);
  await tell({ kind: 'turn.finished', data: { promptId, stopReason: 'cancelled', cancelled: true } });
  const [one] = createPermissionService(setup.deps).list({}, undefined, 10).permissions;
  expect(one?.status).toBe('withdrawn');
  expect(setup.events('attention.cleared')).toHaveLength(1);
});
