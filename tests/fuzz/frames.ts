import { createConnection } from 'node:net';
import fc from 'fast-check';
import { FrameDecoder, frame } from '../../rpc/framing.ts';
import { limits } from '../../schemas/limits.ts';
import { until } from '../helpers/until.ts';
import { type Wanted, wantedOf, wrongIn } from './frame-answers.ts';
import { body, cut, type Framing, framed, type Stream, stream } from './frame-stream.ts';
import { type FuzzedDaemon, openFuzzedDaemon } from './fuzzed-daemon.ts';
import { fuzzTarget } from './target.ts';
import { isWellFormed, wellFormed } from './well-formed.ts';

const goodText = fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ text: wellFormed(text) }));
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
const anyBytes = fc
  .tuple(fc.constantFrom('{', '[', 'C', 'Content-Length: 3\r\n\r\n', 'Content-Length: ', ''), fc.uint8Array({ maxLength: 600 }))
  .map(([head, bytes]) => Buffer.concat([Buffer.from(head), bytes]));

export const framesTarget = fuzzTarget<FuzzedDaemon>(
  'frames',
  [
    {
      says: 'messages come out of the reader as they went in, however they are cut',
      runs: 2_000,
      of: () =>
        fc.property(
          fc.array(goodText, { maxLength: 10 }),
          fc.constantFrom<Framing>('newline', 'headers'),
          sizes,
          (texts, framing, cuts) => {
            const bytes = Buffer.from(texts.map((text) => frame(text, framing)).join(''));
            same(decode(cut(bytes, cuts)), { texts, faults: [] });
          },
        ),
    },
    {
      says: 'what the reader makes of any bytes does not depend on how they are cut, and it ends at the first fault',
      runs: 4_000,
      of: () =>
        fc.property(
          fc.oneof(anyBytes, fc.tuple(fc.array(body), fc.constantFrom<Framing>('newline', 'headers')).map(joined)),
          sizes,
          (bytes, cuts) => {
            const whole = decode([bytes]);
            same(decode(cut(bytes, cuts)), whole);
            same(decode(cut(bytes, [1])), whole);
            if (whole.faults.length > 1) throw new Error(`${whole.faults.length} faults`);
            if (!whole.texts.every(isWellFormed)) throw new Error('a text is not well-formed');
          },
        ),
    },
    {
      says: 'the daemon answers each message as JSON-RPC wants, in either framing, and nobody else notices',
      runs: 600,
      of: (daemon) =>
        fc.asyncProperty(stream, async (sent) => {
          await exchange(daemon, sent);
          await daemon.checkUnharmed();
        }),
    },
    {
      says: 'bytes without sense get one error at most, and leave nothing in the daemon',
      runs: 200,
      of: (daemon) =>
        fc.asyncProperty(anyBytes, sizes, fc.boolean(), async (bytes, cuts, ends) => {
          await throwAt(daemon, bytes, cuts, ends);
          await daemon.checkUnharmed();
        }),
    },
    {
      says: 'messages as long as they may be, and longer, are answered or refused, and the daemon does not keep them',
      runs: 12,
      of: (daemon) =>
        fc.asyncProperty(
          fc.constantFrom<Framing>('newline', 'headers'),
          fc.integer({ min: limits.messageBytes - 3, max: limits.messageBytes + 3 }),
          fc.constantFrom('x', '\\n', '[', '{"a":'),
          async (framing, size, filler) => {
            await exchange(daemon, { framing, bodies: [longMessage(size, filler)], cuts: [65_536] }, size > limits.messageBytes);
            await daemon.checkUnharmed();
          },
        ),
    },
  ],
  openFuzzedDaemon,
);

interface Seen {
  readonly texts: string[];
  readonly faults: string[];
}

function decode(chunks: Iterable<Buffer>): Seen {
  const seen: Seen = { texts: [], faults: [] };
  const decoder = new FrameDecoder({
    message: (text) => {
      if (seen.faults.length > 0) throw new Error('a message came after a fault');
      seen.texts.push(text);
    },
    fault: (kind) => void seen.faults.push(kind),
  });
  for (const chunk of chunks) decoder.push(chunk);
  return seen;
}

function same(one: Seen, other: Seen): void {
  const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}

function joined([bodies, framing]: [readonly Buffer[], Framing]): Buffer {
  return Buffer.concat(bodies.map((one) => framed(one, framing)));
}

/** A call of so many bytes whose text is of the filler. */
function longMessage(sizeBytes: number, filler: string): Buffer {
  const [head, tail] = ['{"jsonrpc":"2.0","id":"long","method":"daemon.ping","params":{"text":"', '"}}'];
  const room = sizeBytes - head.length - tail.length;
  const text = filler.replaceAll('"', '\\"');
  const whole = text.repeat(Math.floor(room / text.length));
  return Buffer.from(head + whole + 'y'.repeat(room - whole.length) + tail);
}

/** Sends the messages and compares what is answered, until nothing more can come. */
async function exchange(daemon: FuzzedDaemon, { framing, bodies, cuts }: Stream, tooLong = false): Promise<void> {
  const wanted: Wanted = tooLong ? { answers: [{ id: null, codes: [4290] }], ends: true } : wantedOf(bodies, framing);
  await using connection = await daemon.open(framing);
  for (const chunk of cut(joined([bodies, framing]), cuts)) await connection.write(chunk);
  const count = wanted.answers.length;
  if (wanted.ends) await connection.closed;
  else {
    await until(`${count} answers`, () => connection.isClosed || connection.messages().length >= count);
    if (connection.isClosed) throw new Error(`the connection ended after ${JSON.stringify(connection.messages())}`);
    // Behind the answer to this one nothing is left to come.
    await connection.write(framed(Buffer.from('{"jsonrpc":"2.0","id":"fence","method":"daemon.ping"}'), framing));
    await until('the answer to the last call', () => connection.isClosed || connection.messages().some(isFence));
  }
  const came = connection.messages().filter((one) => !isFence(one));
  const wrong = wrongIn(wanted, came);
  if (wrong !== undefined) throw new Error(wrong);
}

function isFence(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { id?: unknown }).id === 'fence';
}

async function throwAt(daemon: FuzzedDaemon, bytes: Buffer, cuts: readonly number[], ends: boolean): Promise<void> {
  const socket = createConnection({ path: daemon.socketPath, allowHalfOpen: true });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const chunk of cut(bytes, cuts)) if (!socket.destroyed) socket.write(chunk);
  // Half of them hang up in the middle; of the others the daemon has to let go by itself.
  if (!ends) await new Promise<void>((resolve) => socket.write('', () => resolve()));
  if (!ends) socket.destroy();
  else socket.end();
  socket.on('end', () => socket.end());
  await gone;
  if (ends && (text.match(/"error":/g) ?? []).length > 1 && !text.startsWith('[')) checkOneFault(text);
}

/** More than one error can only be the answers to messages that were whole. */
function checkOneFault(text: string): void {
  if ((text.match(/"PARSE_ERROR"/g) ?? []).length > 1 && !text.startsWith('Content-Length'))
    throw new Error(`more than one parse error: ${text}`);
}
