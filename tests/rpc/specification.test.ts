// The examples of the JSON-RPC 2.0 specification, section 7, word for word. Positional parameters are refused here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStand, type RawEnd, type Stand, standKinds } from '../helpers/rpc-ends.ts';

const error = (id: unknown, code: number) => expect.objectContaining({ jsonrpc: '2.0', id, error: expect.objectContaining({ code }) });

describe.each(standKinds)('the examples of the specification over %s', (kind) => {
  let stand: Stand;
  let end: RawEnd;
  beforeAll(async () => {
    stand = await createStand(kind);
    end = await stand.connect();
  });
  afterAll(async () => {
    end.close();
    await stand[Symbol.asyncDispose]();
  });
  const ask = (text: string): Promise<unknown> => {
    end.send(text);
    return end.next();
  };
  /** Shows that nothing was answered before the answer of this ping. */
  const silence = async (): Promise<void> => {
    expect(await ask('{"jsonrpc":"2.0","method":"get_data","id":"ping"}')).toEqual({ jsonrpc: '2.0', result: ['hello', 5], id: 'ping' });
    expect(end.unread()).toBe(0);
  };

  test('positional parameters answer INVALID_PARAMS', async () => {
    expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}')).toEqual(error(1, -32602));
    expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}')).toEqual(error(2, -32602));
  });

  test('named parameters answer the result in either order', async () => {
    const answer = (id: number) => ({ jsonrpc: '2.0', result: 19, id });
    expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}')).toEqual(answer(3));
    expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}')).toEqual(answer(4));
  });

  test('notifications are not answered', async () => {
    end.send('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}');
    end.send('{"jsonrpc": "2.0", "method": "foobar"}');
    end.send('{"jsonrpc": "2.0", "method": "get_data"}');
    await silence();
  });

  test('a method that does not exist is METHOD_NOT_FOUND', async () => {
    expect(await ask('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}')).toEqual(error('1', -32601));
  });

  test('an invalid request object is INVALID_REQUEST', async () => {
    expect(await ask('{"jsonrpc": "2.0", "method": 1, "params": "bar"}')).toEqual(error(null, -32600));
  });

  test('an empty batch is one error', async () => {
    expect(await ask('[]')).toEqual(error(null, -32600));
  });

  test('invalid batches answer an array, also of one', async () => {
    expect(await ask('[1]')).toEqual([error(null, -32600)]);
    expect(await ask('[null]')).toEqual([error(null, -32600)]);
    expect(await ask('[1,2,3]')).toEqual([error(null, -32600), error(null, -32600), error(null, -32600)]);
  });

  test('a mixed batch answers each request and no notification', async () => {
    const answers = (await ask(
      `[
        {"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": "2"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`.replaceAll('\n', ' '),
    )) as unknown[];
    expect(answers).toHaveLength(5);
    expect(answers).toEqual(
      expect.arrayContaining([
        { jsonrpc: '2.0', result: 19, id: '2' },
        error(null, -32600),
        error('5', -32601),
        error('1', -32602),
        { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
      ]),
    );
  });

  test('a batch of one request answers an array of one', async () => {
    expect(await ask('[{"jsonrpc":"2.0","method":"get_data","id":7}]')).toEqual([{ jsonrpc: '2.0', result: ['hello', 5], id: 7 }]);
  });

  test('a batch of only notifications is not answered', async () => {
    end.send('[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]');
    await silence();
  });

  test('text that is no JSON is a parse error with id null', async () => {
    const own = await stand.connect();
    own.send('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]');
    expect(await own.next()).toEqual(error(null, -32700));
    if (kind === 'unix lines') await own.closed;
    own.close();
  });

  test('a batch that is no JSON is one parse error', async () => {
    const own = await stand.connect();
    own.send('[ {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]');
    expect(await own.next()).toEqual(error(null, -32700));
    own.close();
  });
});
