// Messages that a client could send, good ones among bad ones. None names a method that changes anything.
import fc from 'fast-check';
import { knownMethods } from './frame-answers.ts';

export type Framing = 'newline' | 'headers';

const word = fc.constantFrom('', 'x', '\u2028', '💥', '\ud800', '__proto__', 'A'.repeat(5_000), '\u0000', 'daemon.ping');
const value = fc.oneof(
  word,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2 ** 60, 1e308, [], [[]], {}, { a: 1 }, { id: 1 }, ['a', 1]),
  fc.integer(),
  fc.object({ maxDepth: 3, maxKeys: 4 }),
);
const method = fc.constantFrom<unknown>(
  'daemon.ping',
  ...knownMethods,
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'rpc.',
    'rpc.on',
    '$/cancelRequest',
    '$/progress',
    '$/unknown',
    '',
    ' ',
    'daemon',
  ],
  ...['daemon.', '.hello', 'DAEMON.PING', 'no.such', 'x'.repeat(10_000), 'event.\ud800', 1, null, ['daemon.ping'], { name: 'daemon.ping' }],
);
const params = fc.oneof(
  value,
  fc.record(
    { limit: value, cursor: value, id: value, session: value, key: value, protocolVersion: value, token: value, text: value },
    { requiredKeys: [] },
  ),
);
const odd = fc.record(
  {
    jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '2.0', '2.0', '1.0', 2, null),
    method,
    params,
    id: fc.oneof(value, fc.nat()),
    result: value,
    error: value,
  },
  { requiredKeys: [] },
);
const call = fc.record(
  { jsonrpc: fc.constant('2.0'), method, params, id: fc.oneof(fc.nat(), word, fc.constantFrom<unknown>(null, 1.5, -0, 2 ** 53)) },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const ping = fc.nat().map((id) => ({ jsonrpc: '2.0', method: 'daemon.ping', id }));
const message = fc.oneof(
  { weight: 3, arbitrary: call },
  { weight: 2, arbitrary: odd },
  { weight: 2, arbitrary: ping },
  { weight: 1, arbitrary: value },
);
const batch = fc.oneof(
  { weight: 5, arbitrary: fc.array(message, { maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(ping, fc.integer({ min: 98, max: 103 }))
      .map(([one, count]) => Array.from({ length: count }, (_, id) => ({ ...one, id }))),
  },
);

const notJson = fc.constantFrom(
  ...['{', '[', '{]', '[}', '{"jsonrpc":"2.0"', '{"a":1}{"b":2}', '{"a":undefined}', "{'jsonrpc':'2.0'}", '[1,]', '{"a":NaN}', '{"id":01}'],
  ...['{"a":"\u0001"}', '[', '['.repeat(5_000), '{"a":'.repeat(3_000), '{"\\ud800', '{"a":1e}', '{/**/}', '\ufeff{}'],
);
const oddJson = fc.constantFrom(
  ...['{"jsonrpc":"2.0","__proto__":{"id":7},"method":"__proto__","id":1}', '{"jsonrpc":"2.0","method":"no.such","id":1,"id":2}'],
  ...[
    '{"jsonrpc":"2.0","method":"no.such","id":1e400}',
    '{"jsonrpc":"2.0","method":"no.such","id":-0}',
    '{"jsonrpc":"2.0","method":"no.such","id":0.10}',
  ],
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  `{"jsonrpc":"2.0","method":"event.list","id":5,"params":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
  `{"jsonrpc":"2.0","method":"session.get","id":6,"params":{"id":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
);
const notUtf8 = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map((bytes) => Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from([0xff]), Buffer.from('"}')]));

/** The body of one message. No line feed: it would be two lines. */
export const body: fc.Arbitrary<Buffer> = fc
  .oneof(
    { weight: 12, arbitrary: fc.oneof(message, batch).map((one) => Buffer.from(JSON.stringify(one))) },
    { weight: 2, arbitrary: oddJson.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: notJson.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: notUtf8 },
    { weight: 1, arbitrary: fc.constantFrom('', '\r', ' {}', '"text"', '7').map((text) => Buffer.from(text)) },
  )
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)));

export interface Stream {
  readonly framing: Framing;
  readonly bodies: readonly Buffer[];
  /** How many bytes each write has; the last of them again for what is left. */
  readonly cuts: readonly number[];
}

export const stream: fc.Arbitrary<Stream> = fc.record({
  framing: fc.constantFrom<Framing>('newline', 'headers'),
  bodies: fc.array(body, { minLength: 1, maxLength: 12 }),
  cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 })), { minLength: 1, maxLength: 20 }),
});

export function framed(bytes: Uint8Array, framing: Framing): Buffer {
  return framing === 'newline'
    ? Buffer.concat([bytes, Buffer.from('\n')])
    : Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
}

export function* cut(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + (cuts[Math.min(turn, cuts.length - 1)] ?? bytes.length);
    yield bytes.subarray(at, end);
    at = end;
  }
}
