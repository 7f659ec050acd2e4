import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Peer } from '../../rpc/peer.ts';
import { connectUnix, unixTransport } from '../../rpc/unix-socket.ts';
import { limits } from '../../schemas/limits.ts';
import { listenUnix, type UnixPlace } from '../helpers/rpc-ends.ts';
import { type HostileFrame, hostileFrames } from '../helpers/rpc-hostile-frames.ts';
import { type TestContext, Trace, testContext, testDispatcher } from '../helpers/rpc-table.ts';

const seed = 20_251_121;
const count = 500;
const trace = new Trace();
let place: UnixPlace;

beforeAll(async () => {
  place = await listenUnix((socket) => {
    new Peer<TestContext>(unixTransport(socket), { dispatcher: testDispatcher(trace), context: testContext('read') });
  });
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

const fence = '{"jsonrpc":"2.0","method":"get_data","id":"fence"}';

/** Sends a frame and then a good request; gives back what was answered until that answer or the end of the connection. */
function exchange(frame: HostileFrame, headers: boolean): Promise<{ answers: unknown[]; closed: boolean }> {
  return new Promise((resolve) => {
    const socket: Socket = createConnection(place.path);
    const wrap = (bytes: Buffer): Buffer =>
      headers ? Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]) : Buffer.concat([bytes, Buffer.from('\n')]);
    let text = '';
    let closed = false;
    const finish = (): void => {
      socket.destroy();
      const bodies = headers ? text.split(/Content-Length: \d+\r\n\r\n/) : text.split('\n');
      const answers = bodies.filter((body) => body !== '').map((body) => JSON.parse(body) as unknown);
      resolve({ answers, closed });
    };
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
      finish();
    });
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('"id":"fence"') && text.trimEnd().endsWith('}')) finish();
    });
    socket.write(Buffer.concat([wrap(frame.bytes), wrap(Buffer.from(fence))]));
  });
}

const isError = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && typeof (answer as { error?: { code?: unknown } }).error?.code === 'number';

test.each([false, true])('500 hostile messages get right answers or an end, and nobody else notices (headers: %s)', async (headers) => {
  const bystander = new Peer(await connectUnix(place.path));
  for (const frame of hostileFrames(seed, count)) {
    const { answers, closed } = await exchange(frame, headers);
    const label = frame.bytes.toString('utf8', 0, 200);
    const fenced = answers.filter((answer) => (answer as { id?: unknown }).id === 'fence');
    const others = answers.filter((answer) => !fenced.includes(answer));
    expect(others.length, label).toBeLessThanOrEqual(1);
    for (const answer of others.flat()) expect(isError(answer), label).toBe(true);
    if (Array.isArray(others[0])) expect(others[0].length).toBeLessThanOrEqual(limits.batchRequests);
    // A line that begins neither an object nor an array, or is no JSON, ends the connection after one error.
    if (closed) expect(others, label).toMatchObject([{ id: null, error: { code: -32700 } }]);
    else expect(fenced, label).toEqual([{ jsonrpc: '2.0', id: 'fence', result: ['hello', 5] }]);
    if (!frame.isJson && !headers) expect(closed, label).toBe(true);
    expect(await bystander.call('subtract', { minuend: 3, subtrahend: 1 })).toBe(2);
  }
  expect(trace.internal).toEqual([]);
  bystander.close();
});

test('the same seed gives the same frames', () => {
  const texts = (from: number) => [...hostileFrames(from, 50)].map(({ bytes }) => bytes.toString('latin1'));
  expect(texts(1)).toEqual(texts(1));
  expect(texts(1)).not.toEqual(texts(2));
});
