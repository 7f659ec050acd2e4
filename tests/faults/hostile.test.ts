import { createConnection, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Listener } from '../helpers/event-flow.ts';
import { openRaw } from '../helpers/raw-socket.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

const ping = (id: number | string): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"daemon.ping"}\n`;

interface Reply {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly kind: string } };
}

/** Nothing broke inside: the process is the one that began, and its log names no bug. */
function expectUnharmed(daemon: RealDaemon, pid: number): void {
  expect(daemon.pid).toBe(pid);
  expect(daemon.home.log()).not.toMatch(/"level":"(error|fatal)"|by a bug|INTERNAL/);
}

/** Pings without pause; the end waits until some more came back, and answers how many did. */
function pingAlong(daemon: RealDaemon): { end(): Promise<number> } {
  let going = true;
  let count = 0;
  const run = async (): Promise<void> => {
    await using other = await Listener.to(daemon.home.socketPath);
    for (; going; count += 1) expect(await other.peer.call('daemon.ping')).toEqual({ pid: daemon.pid });
  };
  const running = run();
  return {
    async end() {
      const before = count;
      await Promise.race([running, until('more pings to come back', () => count > before + 20)]);
      going = false;
      await running;
      return count;
    },
  };
}

describe('hostile messages', () => {
  test('an HTTP request aimed at the socket executes nothing, whatever its body says', async () => {
    await using daemon = await startRealDaemon();
    const body = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'auth.createToken', params: { name: 'stolen', scopes: ['admin'] } })}\n`;
    const requests = [
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${body}`,
      `\n${body}`,
      ` ${body}`,
      `\u{feff}${body}`,
      `CONNECT x HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `COPY / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ];
    for (const request of requests) {
      await using raw = await openRaw(daemon.home.socketPath);
      raw.write(request);
      await raw.closed;
      // One that begins with C is answered in the framing that it seems to speak.
      const answer = raw.text().replace(/^Content-Length: \d+\r\n\r\n/, '');
      expect(JSON.parse(answer), request).toMatchObject({ id: null, error: { data: { kind: 'PARSE_ERROR' } } });
    }
    expect((await daemon.client.auth.listTokens()).tokens).toEqual([]);
    expectUnharmed(daemon, daemon.pid);
  });

  test('a message over the limit ends its connection with an error, in either framing', async () => {
    await using daemon = await startRealDaemon();
    const long = Buffer.alloc(8 * 1024 * 1024 + 10, 'a');
    for (const bytes of [
      Buffer.concat([Buffer.from('{"a":"'), long, Buffer.from('"}\n')]),
      Buffer.from('Content-Length: 8388609\r\n\r\n'),
    ]) {
      await using raw = await openRaw(daemon.home.socketPath);
      raw.write(bytes);
      await raw.closed;
      expect(raw.text()).toContain('"LIMIT_EXCEEDED"');
    }
    await using raw = await openRaw(daemon.home.socketPath);
    raw.write(`Content-Length: 1\r\n${'X-Padding: x\r\n'.repeat(2_000)}`);
    await raw.closed;
    expect(raw.text()).toContain('"LIMIT_EXCEEDED"');
    expectUnharmed(daemon, daemon.pid);
  });
});

describe('hostile connections', () => {
  test('1000 that say nothing leave room for those who do; past the limit each is told', async () => {
    await using daemon = await startRealDaemon();
    const sockets: Socket[] = [];
    const open = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = createConnection(daemon.home.socketPath);
        sockets.push(socket);
        socket.once('connect', () => resolve());
        socket.on('error', reject);
      });
    const accepted = (count: number): Promise<unknown> =>
      until(`${count} to be accepted`, async () => (await daemon.client.daemon.status()).counts.connections === count + 1);
    // No faster than they are accepted: the kernel's queue is shorter.
    for (let count = 1; count <= 1_000; count += 1) {
      await open();
      if (count % 250 === 0) await accepted(count);
    }
    const along = pingAlong(daemon);
    expect((await daemon.client.daemon.status()).counts.connections).toBeGreaterThan(1_000);
    expect(await along.end()).toBeGreaterThan(0);
    await until('the pings to be over', async () => (await daemon.client.daemon.status()).counts.connections === 1_001);
    for (let count = 0; count < 23; count += 1) await open();
    await using refused = await openRaw(daemon.home.socketPath);
    await refused.closed;
    expect(refused.messages()).toMatchObject([{ id: null, error: { data: { kind: 'LIMIT_EXCEEDED' } } }]);
    expect(await daemon.client.daemon.ping()).toEqual({ pid: daemon.pid });
    for (const socket of sockets) socket.destroy();
    await until('all to be gone', async () => (await daemon.client.daemon.status()).counts.connections === 1);
    expectUnharmed(daemon, daemon.pid);
  });

  test('half a line, half a header, a length without a body and one byte at a time disturb nobody', async () => {
    await using daemon = await startRealDaemon();
    const halves = ['{"jsonrpc":"2.0","id":1,', 'C', 'Content-Len', 'Content-Length: 10\r\n', 'Content-Length: 8000000\r\n\r\n{"a"', '['];
    const raws = await Promise.all(halves.map(() => openRaw(daemon.home.socketPath)));
    for (const [index, half] of halves.entries()) raws[index]?.write(half);
    const along = pingAlong(daemon);
    await using slow = await openRaw(daemon.home.socketPath);
    slow.socket.setNoDelay(true);
    for (const byte of ping('slow')) {
      slow.write(byte);
      await daemon.client.daemon.ping();
    }
    expect(await slow.takes(1)).toEqual([{ jsonrpc: '2.0', id: 'slow', result: { pid: daemon.pid } }]);
    expect(await along.end()).toBeGreaterThan(0);
    expect(raws.map(({ isClosed }) => isClosed)).toEqual(halves.map(() => false));
    raws[0]?.write('"method":"daemon.ping"}\n');
    expect(await raws[0]?.takes(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { pid: daemon.pid } }]);
    await Promise.all(raws.map((raw) => raw[Symbol.asyncDispose]()));
    expectUnharmed(daemon, daemon.pid);
  });

  test('more calls at once than a connection may have are refused one by one, the others are answered', async () => {
    await using daemon = await startRealDaemon();
    await using raw = await openRaw(daemon.home.socketPath);
    const count = 2_000;
    raw.write(Array.from({ length: count }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"daemon.status"}\n`).join(''));
    const replies = (await raw.takes(count)) as Reply[];
    expect(new Set(replies.map(({ id }) => id)).size).toBe(count);
    for (const { result, error } of replies) expect(result !== undefined || error?.data.kind === 'LIMIT_EXCEEDED').toBe(true);
    expect(replies.some(({ error }) => error !== undefined)).toBe(true);
    raw.write(ping('after'));
    expect((await raw.takes(count + 1)).at(-1)).toMatchObject({ id: 'after', result: { pid: daemon.pid } });
    expectUnharmed(daemon, daemon.pid);
  });
});
