// What goes wrong around a host, and where everything is afterwards.
import { expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import { idOf, sessionRow } from '../../helpers/open-store.ts';
import { specTaskId, workSessionRow } from '../../helpers/spec-task-rows.ts';
import { until } from '../../helpers/until.ts';
import { run } from './hosts.ts';

test('a host that ends before it answers is started again as often as any other, and then given up', async () => {
  await using ran = await run({ endsAtStart: true });
  const { setup, host } = ran;
  for (const [n, delayMs] of [15_000, 30_000, 60_000].entries()) {
    await until('its end to be seen', () => setup.instance.restartCount === n + 1);
    await ran.reactor.idle();
    await setup.clock.advanceAsync(delayMs - 1);
    await ran.reactor.idle();
    expect(host.starts).toBe(n + 1);
    await setup.clock.advanceAsync(1);
    await until('the next start', () => host.starts === n + 2);
  }
  await until('the end', () => setup.instance.status === 'failed');
  await ran.reactor.idle();
  expect(host.starts).toBe(4);
  expect(setup.events('attention.raised').map(({ kind }) => kind)).toEqual(['instance_lost']);
});

test('an event that could not be written down is written down later', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const promptId = await ran.turn();
  const { store } = setup;
  const write = store.write.bind(store);
  store.write = () => {
    store.write = write;
    return Promise.reject(new Error('the disk is full'));
  };
  host.tell('turn.finished', { promptId, stopReason: 'end_turn', cancelled: false }, setup.thread.id);
  await until('the failure', () => ran.faults.length > 0);
  expect(setup.thread.turn).toBe('running');
  await setup.clock.advanceAsync(1_000);
  await until('the end of the turn', () => setup.thread.turn === 'idle');
  expect(setup.thread.turns).toBe(1);
});

test('a thread whose conversation is gone gets a new one', async () => {
  await using ran = await run({ forgets: true });
  const { setup, host } = ran;
  await until('the thread', () => setup.thread.status === 'active');
  await ran.reactor.idle();
  host.open.clear();
  host.tell('thread.exited', { exitCode: 1, signal: null }, setup.thread.id);
  await until('the thread to be open again', () => setup.thread.status === 'active' && setup.thread.generation > 1);
  expect(host.orders.filter(({ method }) => method === 'open').map(({ params }) => params.externalId)).toEqual([
    undefined,
    `of ${setup.thread.id}`,
    undefined,
  ]);
});

test('an instance that is needed again while it stops leaves no host and no turn behind', async () => {
  await using ran = await run();
  const { setup } = ran;
  await ran.turn();
  const former = setup.instance.id;
  await setup.store.write((w) => {
    setup.threads.stopInstance(w, specTaskId, 'somebody asked for it');
    setup.threads.ensure(w, { specTaskId, workSessionId: idOf('wks', 1), sessionId: idOf('ses', 1), agent: 'fake' });
  });
  await until('the new host', () => setup.thread.instanceId !== former && setup.thread.status === 'active');
  await until('the end of the former host', () => ran.hostOf(former).since === undefined);
  expect(setup.thread.turn).toBe('idle');
  expect(setup.prompts().map(({ status }) => status)).toEqual(['failed']);
  expect(ran.host.prompted()).toEqual([]);
});

test('the end of a host is counted once, however many agents it had', async () => {
  await using ran = await run();
  const { setup } = ran;
  await setup.store.write((w) => {
    for (const n of [3, 4, 5]) {
      w.sessions.insert(sessionRow(n));
      w.workSessions.insert(workSessionRow(n, { sessionId: idOf('ses', n) }));
    }
  });
  for (const n of [2, 3, 4, 5]) await setup.ensure(n);
  const statuses = () => new Set(setup.store.read((r) => r.threads.ofInstance(setup.instance.id)).map(({ status }) => status));
  const areActive = () => statuses().size === 1 && statuses().has('active');
  await until('all threads', areActive);
  await ran.reactor.idle();
  ran.host.end();
  await until('its end to be seen', () => setup.instance.restartCount === 1);
  await ran.reactor.idle();
  await setup.clock.advanceAsync(15_000);
  await until('all threads again', areActive);
  expect(setup.instance.restartCount).toBe(1);
});

test('a prompt is accepted by the first thing that its agent does', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  await ran.turn();
  expect(setup.prompts()[0]?.status).toBe('submitted');
  host.tell('update', { update: { sessionUpdate: 'agent_message_chunk' } }, setup.thread.id);
  await until('its receipt', () => setup.prompts()[0]?.status === 'accepted');
});

test('a usage limit pauses a thread for which no more prompts may wait', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const promptId = await ran.turn();
  host.tell('update', { update: { sessionUpdate: 'agent_message_chunk' } }, setup.thread.id);
  await until('its receipt', () => setup.prompts()[0]?.status === 'accepted');
  for (let n = 0; n < limits.promptsQueued; n += 1) await setup.enqueue();
  const wakeAt = setup.clock.now() + 3_600_000;
  host.tell('turn.failed', { promptId, code: 'rate_limited', message: 'limit', wakeAt }, setup.thread.id);
  await until('the limit', () => setup.thread.agentState?.state === 'rate_limited');
  expect(setup.thread).toMatchObject({ turn: 'idle', wakeAt });
  expect(ran.faults).toEqual([]);
});

test('an agent that goes on after a cancel is ended, and its conversation opened again', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const promptId = await ran.turn();
  await setup.store.write((w) => setup.threads.cancelTurn(w, setup.thread.id));
  await until('the cancel', () => host.methods().includes('cancel'));
  await ran.reactor.idle();
  await setup.clock.advanceAsync(59_000);
  await ran.reactor.idle();
  expect(host.methods()).not.toContain('close');
  await setup.clock.advanceAsync(1_000);
  await until('its end', () => host.methods().includes('close'));
  host.tell('turn.failed', { promptId, code: 'exited', message: 'it ended' }, setup.thread.id);
  await until('the thread to be open again', () => setup.thread.status === 'active' && setup.thread.generation > 1);
  expect(setup.thread).toMatchObject({ turn: 'idle', lastTurnInterrupted: true });
  expect(host.prompted()).toEqual([promptId]);
});

test('a thread that is closed and opened in one go gets an agent of its own', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  await until('the thread', () => setup.thread.status === 'active');
  await ran.reactor.idle();
  await setup.store.write((w) => {
    setup.threads.close(w, setup.thread.id, 'completed', 'it is done');
    setup.threads.ensure(w, { specTaskId, workSessionId: idOf('wks', 1), sessionId: idOf('ses', 1), agent: 'fake' });
  });
  await until('the new agent', () => setup.thread.status === 'active' && setup.thread.generation > 1);
  expect(host.methods().filter((method) => method !== 'prompt')).toEqual(['open', 'close', 'open']);
  expect(setup.thread.turns).toBe(0);
});

test('what interrupts goes before what waits, and what waits is not cut off', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const first = await ran.turn();
  const waiting = await setup.enqueue('later');
  const { id: threadId } = setup.thread;
  const urgent = await setup.store.write((w) =>
    setup.threads.enqueue(w, { threadId, workSessionId: idOf('wks', 1), content: 'now', interrupt: true, origin: 'owner' }),
  );
  await until('the cancel', () => host.methods().includes('cancel'));
  for (const id of [first, urgent.id]) {
    if (id !== first) host.tell('turn.started', { promptId: id }, threadId);
    host.tell('turn.finished', { promptId: id, stopReason: 'end_turn', cancelled: id === first }, threadId);
    await until('the next prompt', () => host.prompted().length === (id === first ? 2 : 3));
  }
  expect(host.prompted()).toEqual([first, urgent.id, waiting.id]);
  expect(host.methods().filter((method) => method === 'cancel')).toHaveLength(1);
});
