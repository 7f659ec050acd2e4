import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { createStand } from '../helpers/rpc-ends.ts';
import { Trace, testContext, testDispatcher } from '../helpers/rpc-table.ts';

const request = (method: string, rest: object = {}) => JSON.stringify({ jsonrpc: '2.0', method, id: 1, ...rest });

async function ask(
  text: string,
): Promise<{ id: unknown; result?: unknown; error?: { code: number; message: string; data: { kind: string } } }> {
  await using stand = await createStand('memory');
  const end = await stand.connect();
  end.send(text);
  return (await end.next()) as Awaited<ReturnType<typeof ask>>;
}

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', ''])('the method name %j is not found', async (method) => {
  expect((await ask(request(method))).error?.code).toBe(-32601);
});

test('absent, null and empty parameters are the same', async () => {
  expect((await ask(request('get_data'))).result).toEqual(['hello', 5]);
  expect((await ask(request('get_data', { params: null }))).result).toEqual(['hello', 5]);
  expect((await ask(request('get_data', { params: {} }))).result).toEqual(['hello', 5]);
});

test.each(['"text"', '7', 'true'])('parameters %s are an invalid request', async (params) => {
  const answer = await ask(`{"jsonrpc":"2.0","method":"get_data","id":1,"params":${params}}`);
  expect(answer).toMatchObject({ id: 1, error: { code: -32600 } });
});

test.each(['"a"', '0', '-7', '1.5', 'null', '""', '9007199254740991'])('the id %s comes back as it went', async (id) => {
  const answer = await ask(`{"jsonrpc":"2.0","method":"get_data","id":${id}}`);
  expect(answer).toEqual({ jsonrpc: '2.0', id: JSON.parse(id), result: ['hello', 5] });
});

test.each(['{}', '[]', 'true', '1e400', '9007199254740993'])('the id %s is refused with id null', async (id) => {
  expect(await ask(`{"jsonrpc":"2.0","method":"get_data","id":${id}}`)).toMatchObject({ id: null, error: { code: -32600 } });
});

test('a request of another version, or with a result, is refused under its id', async () => {
  expect(await ask('{"jsonrpc":"1.0","method":"get_data","id":5}')).toMatchObject({ id: 5, error: { code: -32600 } });
  expect(await ask('{"method":"get_data","id":5}')).toMatchObject({ id: 5, error: { code: -32600 } });
  expect(await ask(request('get_data', { result: 1 }))).toMatchObject({ id: 1, error: { code: -32600 } });
});

test('an answer that nobody asked for is ignored', async () => {
  await using stand = await createStand('memory');
  const end = await stand.connect();
  for (const stray of [
    '{"jsonrpc":"2.0","id":1,"result":1}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
    '[{"id":9,"result":2}]',
  ]) {
    end.send(stray);
  }
  end.send(request('get_data'));
  expect(await end.next()).toMatchObject({ id: 1, result: ['hello', 5] });
  expect(end.unread()).toBe(0);
});

test('a batch past the limit is one typed error, and one at the limit is served', async () => {
  const batch = (size: number) => `[${Array.from({ length: size }, (_, id) => request('get_data', { id })).join(',')}]`;
  const refused = await ask(batch(limits.batchRequests + 1));
  expect(refused).toMatchObject({
    id: null,
    error: { code: 4290, data: { kind: 'LIMIT_EXCEEDED', details: { limit: 'batchRequests', value: limits.batchRequests } } },
  });
  expect(await ask(batch(limits.batchRequests))).toHaveLength(limits.batchRequests);
});

test('an id that is in flight is refused for a second call, and free after the answer', async () => {
  const trace = new Trace();
  await using stand = await createStand('memory', { dispatcher: testDispatcher(trace) });
  const end = await stand.connect();
  end.send(request('ignore'));
  end.send(request('get_data'));
  expect(await end.next()).toMatchObject({ id: 1, error: { code: -32600 } });
  trace.release('done');
  expect(await end.next()).toMatchObject({ id: 1, result: 'done' });
  end.send(request('get_data'));
  expect(await end.next()).toMatchObject({ id: 1, result: ['hello', 5] });
});

test('calls past the in-flight limit are refused, the connection lives and nobody else notices', async () => {
  const trace = new Trace();
  await using stand = await createStand('memory', { dispatcher: testDispatcher(trace), context: testContext('read') });
  const [greedy, other] = [await stand.connect(), await stand.connect()];
  const extra = 5;
  for (let id = 0; id < limits.inFlightCallsPerConnection + extra; id += 1) greedy.send(request('ignore', { id }));
  for (let i = 0; i < extra; i += 1) {
    expect(await greedy.next()).toMatchObject({
      id: limits.inFlightCallsPerConnection + i,
      error: { data: { kind: 'LIMIT_EXCEEDED', retryable: true, details: { limit: 'inFlightCallsPerConnection' } } },
    });
  }
  other.send(request('get_data'));
  expect(await other.next()).toMatchObject({ result: ['hello', 5] });
  trace.release(null);
  for (let id = 0; id < limits.inFlightCallsPerConnection; id += 1) expect(await greedy.next()).toMatchObject({ id, result: null });
  greedy.send(request('get_data'));
  expect(await greedy.next()).toMatchObject({ result: ['hello', 5] });
});

test('a cancelled call that ignores its signal still counts as in flight', async () => {
  const trace = new Trace();
  await using stand = await createStand('memory', { dispatcher: testDispatcher(trace) });
  const end = await stand.connect();
  for (let id = 0; id < limits.inFlightCallsPerConnection; id += 1) {
    end.send(request('ignore', { id }));
    end.send(JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }));
    expect(await end.next()).toMatchObject({ id, error: { code: 4990 } });
  }
  end.send(request('get_data', { id: 'x' }));
  expect(await end.next()).toMatchObject({ id: 'x', error: { code: 4290 } });
});
