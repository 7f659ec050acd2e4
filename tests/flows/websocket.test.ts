import { createHmac } from 'node:crypto';
import { statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { rawHttp, upgradeHeaders } from '../helpers/rpc-http.ts';
import { until } from '../helpers/until.ts';
import { type Door, doorOf, openDoor } from '../helpers/websocket-door.ts';

/** A socket of which the frames and the end are looked at. */
function openBare(
  { port, token }: Door,
  protocols: string[] = [],
): { socket: WebSocket; opened: Promise<unknown>; closed: Promise<{ code: number; reason: string }> } {
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}/`,
    protocols,
    protocols.length > 0 ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  socket.on('error', () => undefined);
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  return { socket, opened: new Promise((resolve) => socket.once('open', resolve)), closed };
}

function expectUnharmed(daemon: RealDaemon): void {
  expect(daemon.home.log()).not.toMatch(/"level":"(error|fatal)"|by a bug/);
}

describe('the door of the WebSocket', () => {
  test('opens for a token from a loopback name without Origin, and for nothing else', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const { port, token } = door;
    const host = `Host: 127.0.0.1:${port}`;
    const bearer = `Authorization: Bearer ${token}`;
    const get = 'GET / HTTP/1.1';
    const upgrades: [number, string, string, string[]][] = [
      [101, 'the owner', get, [host, bearer]],
      [101, 'localhost', get, [`Host: localhost:${port}`, bearer]],
      [101, 'the token as a subprotocol', get, [host, `Sec-WebSocket-Protocol: coppice, coppice.token.${token}`]],
      [401, 'no token', get, [host]],
      [401, 'a wrong token', get, [host, `Authorization: Bearer ${token.slice(0, -1)}x`]],
      [401, 'a part of the token', get, [host, `Authorization: Bearer ${token.slice(0, -1)}`]],
      [401, 'an empty token', get, [host, 'Authorization: Bearer ']],
      [401, 'another scheme', get, [host, `Authorization: Basic ${token}`]],
      [401, 'two tokens', get, [host, `Sec-WebSocket-Protocol: coppice.token.${token}, coppice.token.x`]],
      [401, 'a wrong subprotocol token', get, [host, 'Sec-WebSocket-Protocol: coppice.token.wrong']],
      [400, 'a token in the query', `GET /?token=${token} HTTP/1.1`, [host]],
      [400, 'a query beside the token', 'GET /?x=1 HTTP/1.1', [host, bearer]],
      [404, 'another path', 'GET /rpc HTTP/1.1', [host, bearer]],
      [421, 'another host', get, ['Host: evil.example', bearer]],
      [421, 'another host with our port', get, [`Host: evil.example:${port}`, bearer]],
      [421, 'no port', get, ['Host: 127.0.0.1', bearer]],
      [421, 'another port', get, [`Host: 127.0.0.1:${port + 1}`, bearer]],
      [421, 'a name that only begins so', get, [`Host: localhost.evil.example:${port}`, bearer]],
      [421, 'no host', get, [bearer]],
      [421, 'two hosts', get, [host, 'Host: evil.example', bearer]],
      [403, 'an Origin', get, [host, bearer, 'Origin: https://evil.example']],
      [403, 'Origin null', get, [host, bearer, 'Origin: null']],
      [403, 'our own address as Origin', get, [host, bearer, `Origin: http://127.0.0.1:${port}`]],
      [403, 'an empty Origin', get, [host, bearer, 'Origin: ']],
      [426, 'an upgrade to something else', get, [host, bearer, 'Upgrade: h2c']],
    ];
    for (const [status, what, line, headers] of upgrades) {
      const own = headers.some((header) => header.startsWith('Upgrade:'))
        ? upgradeHeaders.filter((header) => !header.startsWith('Upgrade:'))
        : upgradeHeaders;
      const answer = await rawHttp(port, line, [...headers, ...own]);
      expect(answer.status, what).toBe(status);
      expect(answer.body).not.toContain(token);
    }
    const body = '{"jsonrpc":"2.0","id":1,"method":"daemon.stop"}';
    const posts = [
      [host, bearer],
      [host, bearer, 'Content-Type: application/json'],
      [host, bearer, ...upgradeHeaders],
    ];
    for (const headers of posts) {
      const answer = await rawHttp(port, 'POST / HTTP/1.1', [...headers, `Content-Length: ${body.length}`], body);
      expect(answer.status).toBe(426);
    }
    expect((await rawHttp(port, get, [host, bearer])).status).toBe(426);
    expect(await daemon.client.daemon.ping()).toEqual({ pid: daemon.pid });
    expectUnharmed(daemon);
  });

  test('lets in a page that the owner listed, and no other', async () => {
    await using daemon = await startRealDaemon({ config: '[websocket]\nallowed_origins = ["https://good.example"]\n' });
    const { port, token } = doorOf(daemon);
    const from = async (origin: string): Promise<number> =>
      (
        await rawHttp(port, 'GET / HTTP/1.1', [
          `Host: 127.0.0.1:${port}`,
          `Authorization: Bearer ${token}`,
          `Origin: ${origin}`,
          ...upgradeHeaders,
        ])
      ).status;
    expect(await from('https://good.example')).toBe(101);
    for (const origin of [
      'http://good.example',
      'https://good.example:8443',
      'https://sub.good.example',
      'https://good.example.evil',
      'null',
    ]) {
      expect(await from(origin), origin).toBe(403);
    }
  });

  test('proves who it is without being shown a token', async () => {
    await using daemon = await startRealDaemon();
    const { port, secret } = doorOf(daemon);
    const host = `Host: 127.0.0.1:${port}`;
    const challenge = '0123456789abcdef'.repeat(4);
    const proof = await rawHttp(port, `GET /proof?challenge=${challenge} HTTP/1.1`, [host]);
    const expected = createHmac('sha256', secret).update(challenge).digest('hex');
    const expectedOfBytes = createHmac('sha256', secret).update(Buffer.from(challenge, 'hex')).digest('hex');
    expect(proof.status).toBe(200);
    expect([expected, expectedOfBytes]).toContain(proof.body.trim());
    for (const query of [
      '',
      '?challenge=',
      '?challenge=xyz',
      '?challenge=ab',
      `?challenge=${challenge}&x=1`,
      `?challenge=${challenge}&challenge=${challenge}`,
    ]) {
      expect((await rawHttp(port, `GET /proof${query} HTTP/1.1`, [host])).status, query).toBe(400);
    }
    expect((await rawHttp(port, `GET /proof?challenge=${challenge} HTTP/1.1`, ['Host: evil.example'])).status).toBe(421);
    expect((await rawHttp(port, `GET /proof?challenge=${challenge} HTTP/1.1`, [host, 'Origin: https://evil.example'])).status).toBe(403);
    for (const name of ['endpoint.json', 'token']) expect(statSync(join(daemon.home.stateDir, name)).mode & 0o777, name).toBe(0o600);
  });
});

describe('a WebSocket connection', () => {
  test('speaks the whole protocol: calls, batches, events', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const peer = await openDoor(door, door.token);
    expect(await peer.call('daemon.ping')).toEqual({ pid: daemon.pid });
    const seen: string[] = [];
    peer.onNotification('event', (params) => seen.push(...(params as { events: { type: string }[] }).events.map(({ type }) => type)));
    await peer.call('event.subscribe', { types: ['auth.*'] });
    await daemon.client.auth.createToken({ name: 'a', scopes: ['read'] });
    await until('the event', () => seen.includes('auth.tokenCreated'));
    peer.close();
    const { socket, opened, closed } = openBare(door);
    await opened;
    const answers: string[] = [];
    socket.on('message', (data, isBinary) => answers.push(isBinary ? 'binary' : String(data)));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'daemon.hello' }));
    socket.send('{not json');
    socket.send(JSON.stringify([{ jsonrpc: '2.0', id: 2, method: 'daemon.ping' }, { jsonrpc: '2.0', method: 'daemon.ping' }, 7]));
    await until('three answers', () => answers.length === 3);
    const parsed = answers.map((text) => JSON.parse(text) as { id: unknown; error?: { code: number } }[]);
    // Answers come as they are ready.
    expect(parsed.find((one) => Array.isArray(one))?.map(({ id, error }) => [id, error?.code])).toEqual(
      expect.arrayContaining([
        [2, undefined],
        [null, -32600],
      ]),
    );
    expect(parsed).toContainEqual(expect.objectContaining({ id: 1, result: expect.objectContaining({ protocolVersion: 1 }) }));
    expect(parsed).toContainEqual(expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700 }) }));
    socket.close();
    await closed;
    expectUnharmed(daemon);
  });

  test('is closed for an oversized frame, a binary one, and a hello that does not come', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const oversized = openBare(door);
    await oversized.opened;
    oversized.socket.send('a'.repeat(8 * 1024 * 1024 + 1));
    expect((await oversized.closed).code).toBe(1009);
    const binary = openBare(door);
    await binary.opened;
    binary.socket.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}'));
    expect((await binary.closed).code).toBe(1003);
    const silent = openBare(door);
    await silent.opened;
    expect(await silent.closed).toMatchObject({ code: 1008 });
    expectUnharmed(daemon);
  });

  test('takes the token as a subprotocol, and does not say it back when it needs not', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const both = openBare(door, ['coppice', `coppice.token.${door.token}`]);
    await both.opened;
    expect(both.socket.protocol).toBe('coppice');
    both.socket.close();
    await both.closed;
  });

  test('past the limit of connections is refused, and the Unix socket does not notice', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const peers = [];
    for (let count = 0; count < 64; count += 1) peers.push(await openDoor(door, door.token));
    const answer = await rawHttp(door.port, 'GET / HTTP/1.1', [
      `Host: 127.0.0.1:${door.port}`,
      `Authorization: Bearer ${door.token}`,
      ...upgradeHeaders,
    ]);
    expect(answer.status).toBe(503);
    expect(await daemon.client.daemon.ping()).toEqual({ pid: daemon.pid });
    peers.pop()?.close();
    await until('room for another', async () => {
      peers.push(await openDoor(door, door.token));
      return true;
    });
    for (const peer of peers) peer.close();
  });

  test('half a request for headers is ended, and disturbs nobody', async () => {
    await using daemon = await startRealDaemon();
    const door = doorOf(daemon);
    const socket = createConnection({ port: door.port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write('GET / HTTP/1.1\r\nHost: 127');
    const peer = await openDoor(door, door.token);
    expect(await peer.call('daemon.ping')).toEqual({ pid: daemon.pid });
    await closed;
    expect(text === '' || text.startsWith('HTTP/1.1 408')).toBe(true);
    expect(await peer.call('daemon.ping')).toEqual({ pid: daemon.pid });
    peer.close();
  });
});
