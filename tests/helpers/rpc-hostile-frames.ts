// Messages that a broken or hostile client could send, the same ones for the same seed.
export interface HostileFrame {
  /** What goes over the wire as one message. */
  readonly bytes: Buffer;
  /** False when the bytes are no JSON, or not UTF-8: line framing then ends the connection after one error. */
  readonly isJson: boolean;
}

/** A small generator of numbers (mulberry32): the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  'x',
  '\u2028',
  '💥',
  [],
  [[]],
  {},
  { a: 1 },
  'A'.repeat(5000),
];
const oddMethods: readonly unknown[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'rpc.',
  '$/cancelRequest',
  '$/progress',
  '$/unknown',
  '',
  ' ',
  'daemon',
  'daemon.',
  '.hello',
  'DAEMON.HELLO',
  'no.such',
  1,
  null,
  ['daemon.hello'],
  { name: 'daemon.hello' },
];
const notJson: readonly string[] = [
  '{',
  '[',
  '{]',
  '[}',
  '{"jsonrpc":"2.0"',
  '{"a":1}{"b":2}',
  '{"a":undefined}',
  "{'jsonrpc':'2.0'}",
  '[1,]',
  '{"a":NaN}',
  '{"id":01}',
  '{"a":"\u0001"}',
];

/** No frame names a method that changes anything, so they can be sent to a real daemon too. */
export function* hostileFrames(seed: number, count: number): Generator<HostileFrame> {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  for (let i = 0; i < count; i += 1) {
    const turn = random();
    if (turn < 0.1) yield { bytes: Buffer.from(pick(notJson)), isJson: false };
    else if (turn < 0.15)
      yield { bytes: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')]), isJson: false };
    else if (turn < 0.25) yield json(Array.from({ length: Math.floor(random() * 130) }, () => message(pick)));
    else if (turn < 0.3) yield { bytes: Buffer.from(`${'['.repeat(2000)}${']'.repeat(2000)}`), isJson: true };
    else if (turn < 0.35) yield { bytes: Buffer.from('{"jsonrpc":"2.0","__proto__":{"id":7},"method":"__proto__","id":1}'), isJson: true };
    else if (turn < 0.4) yield { bytes: Buffer.from('{"jsonrpc":"2.0","method":"no.such","id":1,"id":2}'), isJson: true };
    else yield json(message(pick));
  }
}

function message(pick: <T>(values: readonly T[]) => T): unknown {
  const shape: Record<string, unknown> = {};
  if (pick([true, true, true, false])) shape.jsonrpc = pick(['2.0', '2.0', '2.0', '1.0', 2, null]);
  if (pick([true, true, true, false])) shape.method = pick(oddMethods);
  if (pick([true, false])) shape.params = pick(oddValues);
  if (pick([true, true, false])) shape.id = pick([...oddValues, 1, 2, 3, 'a']);
  if (pick([true, false, false, false])) shape.result = pick(oddValues);
  if (pick([true, false, false, false])) shape.error = pick(oddValues);
  return pick([shape, shape, shape, shape, shape, shape, pick(oddValues)]);
}

function json(value: unknown): HostileFrame {
  const text = JSON.stringify(value);
  return { bytes: Buffer.from(text), isJson: true };
}
