import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { Peer } from '../../rpc/peer.ts';
import type { DetachedSocket } from '../../rpc/transport.ts';
import { connectUnix, unixTransport } from '../../rpc/unix-socket.ts';
import { limits } from '../../schemas/limits.ts';
import { connectRaw, listenUnix, type UnixPlace, until } from '../helpers/rpc-ends.ts';
import { type TestContext, Trace, testContext, testDispatcher } from '../helpers/rpc-table.ts';

interface Served {
  place: UnixPlace;
  peers: Peer<TestContext>[];
  sockets: Socket[];
  trace: Trace;
}

async function serve(): Promise<Served & AsyncDisposable> {
  const served = { peers: [] as Peer<TestContext>[], sockets: [] as Socket[], trace: new Trace() };
  const place = await listenUnix((socket) => {
    served.sockets.push(socket);
    served.peers.push(
      new Peer<TestContext>(unixTransport(socket), { dispatcher: testDispatcher(served.trace), context: testContext('read') }),
    );
  });
  return { ...served, place, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

const ping = '{"jsonrpc":"2.0","method":"get_data","id":1}';

test('our client speaks to our server', async () => {
  await using served = await serve();
  const client = new Peer(await connectUnix(served.place.path));
  expect(await client.call('echo', { value: 'ä\u2028💥' })).toBe('ä\u2028💥');
  client.close();
  await client.closed;
  await served.peers[0]?.closed;
});

test('answers of one tick leave in one write, and large ones arrive whole', async () => {
  await using served = await serve();
  const client = new Peer(await connectUnix(served.place.path));
  await client.call('get_data');
  const write = vi.spyOn(served.sockets[0]!, 'write');
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => client.call('subtract', { minuend: n, subtrahend: 0 })));
  expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(write.mock.calls.length).toBeLessThan(5);
  const value = 'x'.repeat(limits.messageBytes - 1000);
  expect(await client.call('echo', { value })).toHaveLength(value.length);
  client.close();
});

test.each(['x', 'é', '\ufffd', '💥'])('a long text of "%s" arrives as it was sent', async (letter) => {
  await using served = await serve();
  const client = new Peer(await connectUnix(served.place.path));
  for (const length of [16 * 1024 - 100, 64 * 1024]) {
    const value = letter.repeat(length);
    expect((await client.call('echo', { value })) === value).toBe(true);
  }
  client.close();
});

test('nothing listening, and a path too long, are NOT_CONNECTED', async () => {
  await expect(connectUnix('/nowhere/at/all.sock')).rejects.toMatchObject({ name: 'RpcClientError', code: 'NOT_CONNECTED' });
  await expect(connectUnix(`/${'x'.repeat(limits.socketPathBytes)}`)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  await expect(connectUnix('/nowhere/at/all.sock', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
});

test('an HTTP request gets one error and its body is not executed', async () => {
  await using served = await serve();
  const socket = createConnection(served.place.path);
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${ping.length}\r\n\r\n${ping}\n`);
  await once(socket, 'close');
  expect(text.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(text)).toMatchObject({ id: null, error: { code: -32700 } });
});

test('a later line that is no JSON gets one error, then the connection ends', async () => {
  await using served = await serve();
  const end = await connectRaw(served.place.path, false);
  end.send(ping);
  expect(await end.next()).toMatchObject({ id: 1 });
  end.send('GET / HTTP/1.1');
  end.send(ping);
  expect(await end.next()).toMatchObject({ id: null, error: { code: -32700 } });
  await end.closed;
  expect(end.unread()).toBe(0);
});

test('a body that is no JSON between good headers is an error, and the connection goes on', async () => {
  await using served = await serve();
  const end = await connectRaw(served.place.path, true);
  end.send('nonsense');
  expect(await end.next()).toMatchObject({ id: null, error: { code: -32700 } });
  end.send(ping);
  expect(await end.next()).toMatchObject({ id: 1 });
  end.close();
});

test('a message past the limit gets LIMIT_EXCEEDED, then the connection ends, and others go on', async () => {
  await using served = await serve();
  const [bad, good] = [await connectRaw(served.place.path, false), await connectRaw(served.place.path, false)];
  bad.send(`{"a":"${'x'.repeat(limits.messageBytes)}"}`);
  good.send(ping);
  expect(await good.next()).toMatchObject({ id: 1 });
  expect(await bad.next()).toMatchObject({ id: null, error: { code: 4290, data: { kind: 'LIMIT_EXCEEDED' } } });
  await bad.closed;
  good.send(ping);
  expect(await good.next()).toMatchObject({ id: 1 });
  good.close();
});

test('a client that goes on writing still reads why its connection ends', async () => {
  await using served = await serve();
  const socket = createConnection({ path: served.place.path, allowHalfOpen: true });
  let text = '';
  let broken: unknown;
  socket.on('error', (error) => {
    broken = error;
  });
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  const ended = once(socket, 'end');
  socket.write('{no JSON\n');
  // For as long as nothing says that it is in vain, and only then are the answers read.
  socket.pause();
  for (let turn = 0; turn < 200 && broken === undefined; turn += 1) {
    socket.write('{');
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.resume();
  await Promise.race([ended, once(socket, 'close')]);
  socket.end();
  expect(broken).toBeUndefined();
  expect(JSON.parse(text)).toMatchObject({ id: null, error: { code: -32700 } });
});

test('a client that ends its output still gets its answers', async () => {
  await using served = await serve();
  const socket = createConnection({ path: served.place.path, allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.end('{"jsonrpc":"2.0","method":"ignore","id":1}\n{"jsonrpc":"2.0","method":"get_data","id":2}\n');
  await until(() => text.includes('"id":2'));
  served.trace.release('late');
  await once(socket, 'close');
  expect(text).toContain('"result":"late"');
});

test('a reader that goes away after it ended its output is noticed', async () => {
  await using served = await serve();
  const socket = createConnection({ path: served.place.path, allowHalfOpen: true });
  socket.end('{"jsonrpc":"2.0","method":"wait","id":1}\n');
  await until(() => served.trace.started.length === 1);
  expect(served.trace.aborted).toEqual([]);
  socket.destroy();
  await until(() => served.trace.aborted.length === 1);
});

test('a client that vanishes has its reads aborted at once', async () => {
  await using served = await serve();
  const socket = createConnection(served.place.path);
  socket.write('{"jsonrpc":"2.0","method":"wait","id":1}\n');
  await until(() => served.trace.started.length === 1);
  socket.destroy();
  await served.peers[0]?.closed;
  expect(served.trace.aborted).toEqual(['wait']);
});

test('a server that vanishes ends the calls of its clients', async () => {
  await using served = await serve();
  const client = new Peer(await connectUnix(served.place.path));
  const call = client.call('wait');
  await until(() => served.trace.started.length === 1);
  served.sockets[0]?.destroy();
  await expect(call).rejects.toMatchObject({ code: 'CLOSED' });
  await client.closed;
});

test('a shell can ask with a pipe', async () => {
  await using served = await serve();
  const script =
    'const s = require("net").connect({ path: process.argv[1], allowHalfOpen: true }); process.stdin.pipe(s); s.pipe(process.stdout);';
  const child = execFile(process.execPath, ['-e', script, served.place.path]);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  child.stdin?.end(`${ping}\n`);
  await once(child, 'close');
  expect(JSON.parse(text)).toMatchObject({ result: ['hello', 5] });
});

test('a detached socket goes on in another protocol, with the bytes that came too early', async () => {
  await using served = await serve();
  const socket = createConnection(served.place.path);
  socket.write(`${ping}\nhello `);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(JSON.parse(String(answer))).toMatchObject({ id: 1 });
  const [peer] = served.peers;
  const { socket: taken, rest } = await new Promise<DetachedSocket>((resolve) => peer?.detachWhenIdle(resolve));
  await peer?.closed;
  expect(String(rest)).toBe('hello ');
  taken.on('data', (chunk) => taken.write(`you said ${String(chunk)}`));
  taken.resume();
  socket.write('there');
  expect(String((await once(socket, 'data'))[0])).toBe('you said there');
  socket.destroy();
});
