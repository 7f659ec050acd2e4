import { afterEach, expect, test, vi } from 'vitest';
import { createApi } from '../../rpc/call.ts';
import { createMemoryPair } from '../../rpc/memory-transport.ts';
import { Peer, type PeerOptions } from '../../rpc/peer.ts';
import { limits } from '../../schemas/limits.ts';
import { createStand, Inbox, until } from '../helpers/rpc-ends.ts';
import { type TestContext, Trace, testContext, testDispatcher } from '../helpers/rpc-table.ts';

afterEach(() => {
  vi.useRealTimers();
});

function pair(
  trace = new Trace(),
  options: Partial<PeerOptions<TestContext>> = {},
): { client: Peer; server: Peer<TestContext>; trace: Trace } {
  const [near, far] = createMemoryPair();
  const server = new Peer<TestContext>(far, { dispatcher: testDispatcher(trace), context: testContext('read'), ...options });
  return { client: new Peer(near), server, trace };
}

const started = (trace: Trace, count = 1) => until(() => trace.started.length >= count);

test('a call answers the result of its method', async () => {
  const { client } = pair();
  expect(await client.call('subtract', { minuend: 5, subtrahend: 3 })).toBe(2);
  expect(await client.call('kept')).toEqual({ kept: true });
});

test('the errors of the other side are Failures with kind, details and reference', async () => {
  const { client } = pair();
  await expect(client.call('fail', { how: 'failure' })).rejects.toMatchObject({
    name: 'Failure',
    kind: 'NOT_FOUND',
    message: 'There is no session "x".',
    details: { entity: 'session', id: 'x' },
    retryable: false,
  });
  await expect(client.call('fail', { how: 'retry' })).rejects.toMatchObject({ kind: 'TOOL_FAILED', retryable: true });
  await expect(client.call('fail', { how: 'throw' })).rejects.toMatchObject({ kind: 'INTERNAL', ref: 'ref-1' });
});

test('aborting a read answers CANCELLED and aborts the handler', async () => {
  const { client, trace } = pair();
  const controller = new AbortController();
  const call = client.call('wait', {}, { signal: controller.signal });
  await started(trace);
  controller.abort();
  await expect(call).rejects.toMatchObject({ name: 'Failure', kind: 'CANCELLED' });
  expect(trace.aborted).toEqual(['wait']);
});

test('a cancelled read is answered even when its handler ignores the signal', async () => {
  const { client, trace } = pair();
  const controller = new AbortController();
  const call = client.call('ignore', {}, { signal: controller.signal });
  await started(trace);
  controller.abort();
  await expect(call).rejects.toMatchObject({ kind: 'CANCELLED' });
});

test('a cancelled mutation that was done anyway says so', async () => {
  const { client, trace } = pair();
  const controller = new AbortController();
  const call = client.call('write', {}, { signal: controller.signal });
  await started(trace);
  controller.abort();
  await until(() => trace.signals[0]?.aborted);
  trace.release('committed');
  expect(await call).toBe('committed');
});

test('a call whose signal is aborted already is not sent', async () => {
  const { client, trace } = pair();
  await expect(client.call('ignore', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'CANCELLED' });
  await client.call('get_data');
  expect(trace.started).toEqual([]);
});

test('cancelling an unknown id does nothing', async () => {
  const { client } = pair();
  client.notify('$/cancelRequest', { id: 99 });
  client.notify('$/cancelRequest', null);
  client.notify('$/cancelRequest', { id: { a: 1 } });
  expect(await client.call('get_data')).toEqual(['hello', 5]);
});

test('progress reaches the call that asked for it, in order and before its answer', async () => {
  const { client } = pair();
  const seen: unknown[] = [];
  const quiet = client.call('work');
  expect(await client.call('work', {}, { onProgress: (value) => seen.push(value) })).toBe('done');
  expect(await quiet).toBe('done');
  expect(seen).toEqual([{ percent: 50 }, { percent: 100 }]);
});

test('a call past its time is a TIMEOUT here and is cancelled there', async () => {
  const { client, trace } = pair();
  await expect(client.call('wait', {}, { timeoutMs: 5 })).rejects.toMatchObject({ name: 'RpcClientError', code: 'TIMEOUT' });
  await until(() => trace.aborted.length === 1);
});

test('closing settles every call on both sides, and later calls are not sent', async () => {
  const { client, server, trace } = pair();
  const calls = [client.call('wait'), client.call('ignore'), client.call('write')];
  await started(trace, 3);
  server.close();
  for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'RpcClientError', code: 'CLOSED' });
  await Promise.all([client.closed, server.closed]);
  await expect(client.call('get_data')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  expect(client.isClosed).toBe(true);
});

test('a disconnect aborts reads in flight and lets mutations run on', async () => {
  const { client, trace } = pair();
  const calls = [client.call('wait'), client.call('write')];
  await started(trace, 2);
  client.close();
  await Promise.allSettled(calls);
  await until(() => trace.aborted.length === 1);
  expect(trace.signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test('a listener that throws keeps neither the others nor the connection from going on', async () => {
  const errors: unknown[] = [];
  const [near, far] = createMemoryPair();
  const seen = new Inbox<unknown>();
  const server = new Peer(far);
  const client = new Peer(near, { onListenerError: (_error, method) => errors.push(method) });
  const undo = client.onNotification('event', () => {
    throw new Error('mine');
  });
  client.onNotification('event', (params) => seen.push(params));
  server.notify('event', { n: 1 });
  server.notifyText('{"jsonrpc":"2.0","method":"event","params":{"n":2}}');
  expect([await seen.next(), await seen.next()]).toEqual([{ n: 1 }, { n: 2 }]);
  expect(errors).toEqual(['event', 'event']);
  undo();
  undo();
  server.notify('event', { n: 3 });
  expect(await seen.next()).toEqual({ n: 3 });
  expect(errors).toHaveLength(2);
});

test('a peer without methods answers METHOD_NOT_FOUND', async () => {
  const { server } = pair();
  await expect(server.call('get_data')).rejects.toMatchObject({ kind: 'METHOD_NOT_FOUND' });
});

test.each([
  '{"jsonrpc":"2.0","id":1}',
  '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"x"}}',
  '{"jsonrpc":"2.0","id":1,"error":"x"}',
  '{"id":1,"result":1}',
])('the broken answer %s is a BAD_RESULT or no answer', async (text) => {
  const [near, far] = createMemoryPair();
  const client = new Peer(near);
  far.start({
    message: (message) => {
      if (message.includes('"method"')) far.send(text);
      if (message.includes('"method"')) far.close();
    },
    fault: () => undefined,
    drain: () => undefined,
    close: () => undefined,
  });
  await expect(client.call('x')).rejects.toMatchObject({
    code: text.includes('result') || text.includes('error') ? 'BAD_RESULT' : 'CLOSED',
  });
});

test('a connection that does not say hello in time is closed, and one that does is not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const polite = pair(new Trace(), { helloMs: 3000 });
  const silent = pair(new Trace(), { helloMs: 3000 });
  await polite.client.call('daemon.hello');
  await silent.client.call('get_data');
  vi.advanceTimersByTime(3001);
  await silent.server.closed;
  expect(polite.server.isClosed).toBe(false);
  expect(await polite.client.call('get_data')).toEqual(['hello', 5]);
});

test('a client that takes no answers is paused, and closed when it goes on so', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [near, far] = createMemoryPair();
  const server = new Peer<TestContext>(far, { dispatcher: testDispatcher(), context: testContext('read') });
  const value = 'x'.repeat(1024 * 1024);
  near.start({ message: () => undefined, fault: () => undefined, drain: () => undefined, close: () => undefined });
  near.pause?.();
  for (let id = 0; id < 20; id += 1) {
    near.send(JSON.stringify({ jsonrpc: '2.0', method: 'echo', params: { value }, id }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.unsentBytes).toBeLessThan(limits.unsentBytes + 2 * value.length);
  vi.advanceTimersByTime(limits.stuckConnectionMs + 1);
  await server.closed;
});

test('a paused client that reads on gets everything', async () => {
  const [near, far] = createMemoryPair();
  new Peer<TestContext>(far, { dispatcher: testDispatcher(), context: testContext('read') });
  const value = 'x'.repeat(1024 * 1024);
  const seen = new Inbox<string>();
  near.start({ message: (text) => seen.push(text), fault: () => undefined, drain: () => undefined, close: () => undefined });
  near.pause?.();
  for (let id = 0; id < 20; id += 1) near.send(JSON.stringify({ jsonrpc: '2.0', method: 'echo', params: { value }, id }));
  await new Promise((resolve) => setImmediate(resolve));
  near.resume?.();
  for (let id = 0; id < 20; id += 1) expect((await seen.next()).length).toBeGreaterThan(value.length);
});

test('the typed api names each method by noun and verb', async () => {
  const calls: unknown[] = [];
  const api = createApi(async (method, params, options) => {
    calls.push([method, params, options]);
    return {};
  });
  await api.session.start({ project: 'p', command: 'c' }, { timeoutMs: 5 });
  await api.daemon.ping();
  expect(calls).toEqual([
    ['session.start', { project: 'p', command: 'c' }, { timeoutMs: 5 }],
    ['daemon.ping', undefined, undefined],
  ]);
  expect(await Promise.resolve(api)).toBe(api);
  expect(api.session.list).toBe(api.session.list);
});

test('a batch waits for its slowest call, unless that is cancelled', async () => {
  await using stand = await createStand('memory');
  const end = await stand.connect();
  end.send('[{"jsonrpc":"2.0","method":"wait","id":1},{"jsonrpc":"2.0","method":"get_data","id":2}]');
  end.send('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}');
  expect(await end.next()).toEqual([
    { jsonrpc: '2.0', id: 2, result: ['hello', 5] },
    { jsonrpc: '2.0', id: 1, error: expect.objectContaining({ code: 4990 }) },
  ]);
});
