import { expect, test } from 'vitest';
import type { BindOptions } from '../../rpc/bind.ts';
import { createMemoryPair } from '../../rpc/memory-transport.ts';
import { Peer } from '../../rpc/peer.ts';
import { Failure } from '../../schemas/errors.ts';
import { type TestContext, Trace, testContext, testDispatcher } from '../helpers/rpc-table.ts';

function connect(options: Partial<BindOptions<TestContext>> = {}, context = testContext('read'), trace = new Trace()): Peer {
  const [near, far] = createMemoryPair();
  new Peer<TestContext>(far, { dispatcher: testDispatcher(trace, options), context });
  return new Peer(near);
}

test('a missing scope is FORBIDDEN by name, and public methods are open to all', async () => {
  const client = connect({}, testContext());
  expect(await client.call('get_data')).toEqual(['hello', 5]);
  await expect(client.call('echo', { value: 1 })).rejects.toMatchObject({
    kind: 'FORBIDDEN',
    details: { method: 'echo', missing: 'read' },
  });
  await expect(connect().call('secret')).rejects.toMatchObject({ kind: 'FORBIDDEN', details: { missing: 'admin' } });
});

test('access is asked for before parameters are looked at', async () => {
  await expect(connect({}, testContext()).call('echo', { nonsense: 1 })).rejects.toMatchObject({ kind: 'FORBIDDEN' });
});

test('every wrong parameter is named with its path', async () => {
  await expect(connect().call('nested', { inner: { color: 'blue' }, count: 'many', extra: 1 })).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
    details: {
      issues: expect.arrayContaining([
        { path: ['inner', 'color'], message: 'is not known; did you mean "colour"?', suggestions: ['colour'] },
        expect.objectContaining({ path: ['count'] }),
        { path: ['extra'], message: 'is not known' },
      ]),
    },
  });
  await expect(connect().call('subtract', { minuend: 1 })).rejects.toMatchObject({
    message: 'The parameters of "subtract" are wrong: "subtrahend" is missing.',
    details: { issues: [{ path: ['subtrahend'], message: 'is missing' }] },
  });
});

test('a parameter named like a prototype member is unknown too', async () => {
  const hostile = JSON.parse('{"__proto__":{"colour":"x"}}') as unknown;
  await expect(connect().call('nested', hostile)).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
    details: { issues: [{ path: ['__proto__'] }] },
  });
});

test('an unknown method suggests near ones', async () => {
  await expect(connect().call('substract')).rejects.toMatchObject({ kind: 'METHOD_NOT_FOUND', details: { suggestions: ['subtract'] } });
  await expect(connect().call('utterly.unlike')).rejects.toMatchObject({ details: { suggestions: [] } });
});

test('handlers get defaults and their own parameters; key and id come with the call', async () => {
  const answer = await connect().call('nested', { inner: {}, idempotencyKey: 'k', progressToken: 'p' });
  expect(answer).toEqual({ params: { inner: { colour: 'red' } }, key: 'k', callId: 'call-1', method: 'nested' });
});

test('a read takes no idempotency key', async () => {
  await expect(connect().call('get_data', { idempotencyKey: 'k' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test.each(['throw', 'later', 'internal', 'bigint'])(
  'a bug (%s) is INTERNAL without its message, and logged under its reference',
  async (how) => {
    const trace = new Trace();
    const error = await connect({}, testContext(), trace)
      .call('fail', { how })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'INTERNAL', ref: 'ref-1', retryable: false });
    expect((error as Error).message).not.toContain('private');
    expect(trace.internal).toHaveLength(1);
  },
);

test('details that are no JSON are left out of the error', async () => {
  await expect(connect().call('fail', { how: 'cycle' })).rejects.toMatchObject({ kind: 'NOT_FOUND', details: undefined });
});

test('what runs around a call sees it parsed, and may answer or refuse in its place', async () => {
  const seen: unknown[] = [];
  const client = connect({
    around: () => async (call, run) => {
      seen.push([call.method, call.params, call.idempotencyKey]);
      if (call.method === ('echo' as string)) throw new Failure('SHUTTING_DOWN', 'The daemon is stopping.');
      return call.idempotencyKey === 'again' ? 'receipt' : await run();
    },
  });
  await expect(client.call('echo', { value: 1 })).rejects.toMatchObject({ kind: 'SHUTTING_DOWN', retryable: true });
  expect(await client.call('nested', { idempotencyKey: 'again' })).toBe('receipt');
  expect(await client.call('get_data')).toEqual(['hello', 5]);
  expect(seen).toEqual([
    ['echo', { value: 1 }, undefined],
    ['nested', {}, 'again'],
    ['get_data', {}, undefined],
  ]);
});

test('each call of a known method is observed with its kind of error', async () => {
  const seen: unknown[] = [];
  const client = connect({ observe: (method) => (durationMs, kind) => seen.push([method, durationMs >= 0, kind]) });
  await client.call('get_data');
  await client.call('fail', { how: 'failure' }).catch(() => undefined);
  await client.call('nothing').catch(() => undefined);
  expect(seen).toEqual([
    ['get_data', true, undefined],
    ['fail', true, 'NOT_FOUND'],
  ]);
});

test('results are checked when asked for', async () => {
  const trace = new Trace();
  await expect(connect({ checkResults: true }, testContext(), trace).call('wrong')).rejects.toMatchObject({ kind: 'INTERNAL' });
  expect(String(trace.internal[0])).toContain('breaks the contract');
  expect(await connect().call('wrong')).toBe(5);
});
