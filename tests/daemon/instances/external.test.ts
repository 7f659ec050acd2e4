import { expect, test } from 'vitest';
import { watchEditor, watchExternal } from '../../../daemon/instances/external.ts';
import { createReports } from '../../../daemon/instances/reports.ts';
import { limits } from '../../../schemas/limits.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { idOf } from '../../helpers/open-store.ts';
import { owner, type Setup, setUp } from './setup.ts';

/** An editor that is there, with the conversation of the first work session open in it. */
async function inEditor(setup: Setup) {
  const thread = await setup.ensure();
  const reports = createReports(setup.deps);
  const report = (type: string, data: Record<string, unknown> = {}) => reports.instance(setup.instance.id, { type, data }, owner);
  await report('instance_ready', { capabilities: { loadSession: true } });
  await report('thread_created', { threadId: thread.id, externalId: 'conversation' });
  return { reports, report, threadId: thread.id };
}

const look = (setup: Setup) => watchExternal(setup.deps, setup.instance);

test('an editor is stale after 45 s of silence, lost after 120 s, and there again with its next beat', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { reports, report, threadId } = await inEditor(setup);
  const prompt = await setup.enqueue();
  await report('thread_status', { threadId, turn: 'running', promptId: prompt.id });
  setup.clock.advance(45_000);
  await look(setup);
  expect(setup.instance.status).toBe('ready');
  setup.clock.advance(1_000);
  const due = await look(setup);
  expect(setup.instance.status).toBe('stale');
  expect(due).toBe((setup.instance.lastHeartbeatAt ?? 0) + 120_001);
  setup.clock.advance(75_000);
  await look(setup);
  expect(setup.instance.status).toBe('lost');
  expect(setup.thread).toMatchObject({ status: 'disconnected', turn: 'idle', turns: 1, lastTurnInterrupted: true });
  await reports.heartbeat(setup.instance.id, owner);
  expect(setup.instance.status).toBe('ready');
  expect(setup.thread).toMatchObject({ status: 'active', externalId: 'conversation' });
  expect(setup.events('instance.statusChanged').map(({ to }) => to)).toEqual(['starting', 'ready', 'stale', 'lost', 'ready']);
  // The prompt of the turn that was cut off is no prompt that waits.
  await failureOf(report('thread_status', { threadId, turn: 'running', promptId: prompt.id }), 'INVALID_TRANSITION');
  expect(setup.prompts().map(({ status, attempts }) => ({ status, attempts }))).toEqual([{ status: 'accepted', attempts: 1 }]);
});

test('a beat of a stale editor loses nothing', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { reports } = await inEditor(setup);
  setup.clock.advance(46_000);
  await look(setup);
  await reports.heartbeat(setup.instance.id, owner);
  setup.clock.advance(44_000);
  await look(setup);
  expect(setup.instance.status).toBe('ready');
  expect(setup.thread.status).toBe('active');
});

test('prompts wait in the store until the editor is there', async () => {
  using setup = await setUp({ adapter: 'zed' });
  await setup.ensure();
  await setup.enqueue();
  setup.clock.advance(3_600_000);
  expect(await look(setup)).toBeUndefined();
  expect(setup.instance.status).toBe('starting');
  expect(setup.prompts().map(({ status }) => status)).toEqual(['queued']);
});

test('a turn that the editor tells is a turn like any other', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { report, threadId } = await inEditor(setup);
  const prompt = await setup.enqueue();
  await report('thread_status', { threadId, turn: 'running', promptId: prompt.id });
  expect(setup.thread.agentState?.state).toBe('working');
  await report('thread_status', { threadId, turn: 'requires_action' });
  expect(setup.thread.agentState?.state).toBe('waiting_input');
  await report('thread_status', { threadId, turn: 'idle', stopReason: 'end_turn' });
  expect(setup.thread).toMatchObject({ turn: 'idle', turns: 1, lastStopReason: 'end_turn', lastTurnInterrupted: false });
  expect(setup.events('thread.turnFinished')).toHaveLength(1);
});

test('what has no known type is kept, and an error is remembered', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { report } = await inEditor(setup);
  await report('window_moved', { x: 1 });
  await report('instance_error', { message: 'out of memory' });
  expect(setup.events('instance.reported').map(({ type, data }) => ({ type, data }))).toEqual([
    { type: 'window_moved', data: { x: 1 } },
    { type: 'instance_error', data: { message: 'out of memory' } },
  ]);
  expect(setup.instance.lastError).toBe('out of memory');
});

test('an editor that stops takes its threads along, and reports no more', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { report, reports } = await inEditor(setup);
  const { id } = setup.instance;
  await report('instance_stopped', { reason: 'quit' });
  expect(setup.instance.status).toBe('stopped');
  expect(setup.thread.status).toBe('disconnected');
  await failureOf(reports.heartbeat(id, owner), 'INVALID_TRANSITION');
});

test('wrong reports are refused with what is wrong', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { report, reports, threadId } = await inEditor(setup);
  await failureOf(report('thread_created', { threadId }), 'INVALID_PARAMS');
  await failureOf(report('thread_status', { threadId: idOf('thr', 9), turn: 'idle' }), 'NOT_FOUND');
  await failureOf(report('thread_status', { threadId, turn: 'dancing' }), 'INVALID_PARAMS');
  await failureOf(report('big', { text: 'x'.repeat(limits.reportBytes) }), 'LIMIT_EXCEEDED');
  await failureOf(reports.heartbeat(idOf('ins', 9), owner), 'NOT_FOUND');
  const other = await setup.ensure(2);
  await failureOf(report('thread_created', { threadId: other.id, externalId: 'conversation' }), 'ALREADY_EXISTS');
});

test('an instance that the daemon drives takes no reports', async () => {
  using setup = await setUp({ adapter: 'acp' });
  await setup.ensure();
  const reports = createReports(setup.deps);
  await failureOf(reports.heartbeat(setup.instance.id, owner), 'INVALID_TRANSITION');
});

test('a conversation of an editor is adopted by a work session, once', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const { reports } = await inEditor(setup);
  const workSession = setup.store.read((r) => r.workSessions.get(idOf('wks', 2)));
  if (!workSession) throw new Error('no row');
  const thread = await reports.adopt(workSession, setup.instance.id, 'another', owner);
  expect(thread).toMatchObject({ status: 'active', externalId: 'another', workSessionId: workSession.id });
  await failureOf(reports.adopt(workSession, setup.instance.id, 'conversation', owner), 'ALREADY_EXISTS');
});

test('an editor that shows agents of the daemon is not ready by itself, and what it lost begins anew with its host', async () => {
  using setup = await setUp({ adapter: 'zed' });
  const thread = await setup.ensure();
  const reports = createReports(setup.deps);
  const ready = () => reports.instance(setup.instance.id, { type: 'instance_ready', data: { capabilities: { agents: 'daemon' } } }, owner);
  await ready();
  expect(setup.instance.status).toBe('starting');
  expect(setup.events('instance.reported')).toMatchObject([{ type: 'instance_ready' }]);
  const told = { type: 'thread_created', data: { threadId: thread.id, externalId: 'its own' } };
  await failureOf(reports.instance(setup.instance.id, told, owner), 'INVALID_TRANSITION');
  setup.clock.advance(46_000);
  expect(await watchEditor(setup.deps, setup.instance)).toBeDefined();
  setup.clock.advance(75_000);
  expect(await watchEditor(setup.deps, setup.instance)).toBeUndefined();
  expect(setup.instance.status).toBe('lost');
  setup.clock.advance(1_000);
  await reports.heartbeat(setup.instance.id, owner);
  expect(setup.instance).toMatchObject({ status: 'starting', restartAt: setup.clock.now() });
  expect(setup.store.read((r) => r.attention.openOf('instance_lost', setup.instance.id))).toBeUndefined();
});
