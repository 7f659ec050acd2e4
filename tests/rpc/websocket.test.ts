import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Peer } from '../../rpc/peer.ts';
import { connectWebSocket, type WebSocketListener } from '../../rpc/websocket.ts';
import { limits } from '../../schemas/limits.ts';
import { rawHttp, upgradeHeaders } from '../helpers/rpc-http.ts';
import { bearer, challenge, createListener, token } from '../helpers/rpc-websocket.ts';

let listener: WebSocketListener;
let port: number;
beforeAll(async () => {
  listener = createListener();
  ({ port } = await listener.listen());
});
afterAll(async () => {
  await listener.close();
});

describe('an open connection', () => {
  const open = async (options: { perMessageDeflate?: boolean } = {}): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` }, ...options });
    await once(socket, 'open');
    return socket;
  };
  const closeCode = async (socket: WebSocket): Promise<number> => (await once(socket, 'close'))[0] as number;

  test('a binary message closes with 1003', async () => {
    const socket = await open();
    socket.send(Buffer.from('{"jsonrpc":"2.0","method":"get_data","id":1}'), { binary: true });
    expect(await closeCode(socket)).toBe(1003);
  });

  test('a message past the limit closes with 1009, and others go on', async () => {
    const [bad, good] = [await open(), await open()];
    bad.send('x'.repeat(limits.messageBytes + 1));
    expect(await closeCode(bad)).toBe(1009);
    good.send('{"jsonrpc":"2.0","method":"get_data","id":1}');
    expect(JSON.parse(String((await once(good, 'message'))[0]))).toMatchObject({ id: 1 });
    good.close();
  });

  test('compression is not agreed to', async () => {
    const socket = await open({ perMessageDeflate: true });
    expect(socket.extensions).toBe('');
    socket.close();
  });

  test('our client gets results, errors and large answers', async () => {
    const client = new Peer(await connectWebSocket({ port, token }));
    expect(await client.call('echo', { value: 'ä\u2028💥' })).toBe('ä\u2028💥');
    await expect(client.call('secret')).rejects.toMatchObject({ kind: 'FORBIDDEN' });
    const value = 'x'.repeat(2 * limits.unsentBytes - 1000);
    expect(await Promise.all([1, 2, 3].map(() => client.call('echo', { value })))).toEqual([value, value, value]);
    client.close();
    await client.closed;
  });

  test('a wrong token and a closed port are NOT_CONNECTED', async () => {
    await expect(connectWebSocket({ port, token: 'wrong' })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    const gone = createListener();
    const { port: closed } = await gone.listen();
    await gone.close();
    await expect(connectWebSocket({ port: closed, token })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });
});

describe('the listener', () => {
  test('answers on the IPv6 loopback under the same port, where there is one', async () => {
    const answer = await rawHttp(port, `GET /proof?challenge=${challenge} HTTP/1.1`, [`Host: [::1]:${port}`], '', '::1');
    expect([0, 200]).toContain(answer.status);
  });

  test('refuses more connections than it may have, and takes new ones when some have gone', async () => {
    const small = createListener({ maxConnections: 2 });
    const own = await small.listen();
    const clients = [await connectWebSocket({ port: own.port, token }), await connectWebSocket({ port: own.port, token })].map(
      (transport) => new Peer(transport),
    );
    const answer = await rawHttp(own.port, 'GET / HTTP/1.1', [...upgradeHeaders, `Host: 127.0.0.1:${own.port}`, bearer]);
    expect(answer.status).toBe(503);
    clients[0]?.close();
    await clients[0]?.closed;
    const next = new Peer(await connectWebSocket({ port: own.port, token }));
    expect(await next.call('get_data')).toEqual(['hello', 5]);
    await small.close();
    await Promise.all([next.closed, clients[1]?.closed]);
  });

  test('ends a connection whose headers do not come', async () => {
    const hasty = createListener({ headersMs: 50 });
    const own = await hasty.listen();
    const silent = createConnection({ port: own.port, host: '127.0.0.1' });
    const slow = createConnection({ port: own.port, host: '127.0.0.1' });
    slow.write('GET / HTTP/1.1\r\nHost: ');
    for (const socket of [silent, slow]) socket.on('error', () => undefined).resume();
    await Promise.all([once(silent, 'close'), once(slow, 'close')]);
    await hasty.close();
  });

  test('says when its port is taken', async () => {
    await expect(createListener({ port }).listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
