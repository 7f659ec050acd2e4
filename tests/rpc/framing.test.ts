import { describe, expect, test, vi } from 'vitest';
import { FrameDecoder, frame } from '../../rpc/framing.ts';
import { limits } from '../../schemas/limits.ts';
import { seededRandom } from '../helpers/seeded-random.ts';

const texts = [
  '{"a":1}',
  '["\u2028 and \u2029 are data"]',
  '{"text":"ä € 💥 \u0000"}',
  '[]',
  `{"long":"${'é'.repeat(3000)}"}`,
  '{"escaped":"\\n\\r"}',
  '{"sent so":"\ufffd"}',
];

interface Seen {
  texts: string[];
  faults: string[];
}

function decode(chunks: Iterable<Buffer>): Seen {
  const seen: Seen = { texts: [], faults: [] };
  const decoder = new FrameDecoder({ message: (text) => seen.texts.push(text), fault: (kind) => seen.faults.push(kind) });
  for (const chunk of chunks) decoder.push(chunk);
  return seen;
}

function* cut(bytes: Buffer, size: () => number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + size();
    yield bytes.subarray(at, end);
    at = end;
  }
}

describe.each(['newline', 'headers'] as const)('%s framing', (framing) => {
  const stream = Buffer.from(texts.map((text) => frame(text, framing)).join(''));

  test('comes whole from one chunk', () => {
    expect(decode([stream])).toEqual({ texts, faults: [] });
  });

  test('comes whole byte by byte', () => {
    expect(decode(cut(stream, () => 1))).toEqual({ texts, faults: [] });
  });

  test('comes whole from any cutting', () => {
    const random = seededRandom(7);
    for (let run = 0; run < 200; run += 1) {
      const most = 1 + Math.floor(random() * 300);
      expect(decode(cut(stream, () => 1 + Math.floor(random() * most)))).toEqual({ texts, faults: [] });
    }
  });

  test('bytes that are not UTF-8 end it after the messages before them', () => {
    const bad = Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]);
    const framed =
      framing === 'newline' ? Buffer.concat([bad, Buffer.from('\n')]) : Buffer.concat([Buffer.from('Content-Length: 6\r\n\r\n'), bad]);
    const all = Buffer.concat([Buffer.from(frame('{"a":1}', framing)), framed, Buffer.from(frame('{"b":1}', framing))]);
    expect(decode([all])).toEqual({ texts: ['{"a":1}'], faults: ['PARSE_ERROR'] });
    expect(decode(cut(all, () => 1))).toEqual({ texts: ['{"a":1}'], faults: ['PARSE_ERROR'] });
  });

  test('a message of the greatest size passes, and one more byte does not', () => {
    const fits = `"${'x'.repeat(limits.messageBytes - 4)}"`;
    const start = Buffer.from(frame(`[${fits}]`, framing));
    expect(decode(cut(start, () => 65_536)).texts[0]).toHaveLength(limits.messageBytes);
    const over = Buffer.from(frame(`[${fits} ]`, framing));
    expect(decode(cut(over, () => 65_536))).toEqual({ texts: [], faults: ['LIMIT_EXCEEDED'] });
    expect(decode([over])).toEqual({ texts: [], faults: ['LIMIT_EXCEEDED'] });
  });

  test('a big message in small chunks is copied a few times and not once a chunk', () => {
    const copy = vi.spyOn(Buffer.prototype, 'copy');
    const stream = Buffer.from(frame(`["${'x'.repeat(4_000_000)}"]`, framing));
    expect(decode(cut(stream, () => 64)).texts).toHaveLength(1);
    const copied = copy.mock.results.reduce((sum, result) => sum + Number(result.value), 0);
    copy.mockRestore();
    expect(copied).toBeGreaterThanOrEqual(stream.length - 64);
    expect(copied).toBeLessThan(stream.length * 4);
  });
});

test.each(['GET / HTTP/1.1\r\n\r\n', 'POST / HTTP/1.1\r\n', ' {}\n', '\n{}\n', '"text"\n', '\ufeff{}\n', '\0'])(
  'the first byte of %j is a fault, and nothing after it counts',
  (text) => {
    expect(decode([Buffer.from(text), Buffer.from('{"a":1}\n')])).toEqual({ texts: [], faults: ['PARSE_ERROR'] });
  },
);

test('empty lines are ignored and a carriage return before the line feed is tolerated', () => {
  const seen = decode([Buffer.from('{"a":1}\r\n\n\r\n\r\n{"b":2}\n\n')]);
  expect(seen.faults).toEqual([]);
  expect(seen.texts.map((text) => JSON.parse(text))).toEqual([{ a: 1 }, { b: 2 }]);
});

test('headers are read in any case and order, and others are ignored', () => {
  const stream = 'CONTENT-type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH:   2  \r\nX-Other: y\r\n\r\n{}';
  expect(decode([Buffer.from(stream)])).toEqual({ texts: ['{}'], faults: [] });
});

test.each([
  'CONNECT a:1 HTTP/1.1\r\n\r\n',
  'Content-Type: x\r\n\r\n',
  'Content-Length: -1\r\n\r\n',
  'Content-Length: 1e3\r\n\r\n',
  'Content-Length: 0x10\r\n\r\n',
  'Content-Length:\r\n\r\n',
  'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}',
  'Content Length: 2\r\n\r\n{}',
  'Content-Length: 2\r\nnothing\r\n\r\n{}',
  'Content-Length: 2\r\n folded\r\n\r\n{}',
])('the header block %j is a fault', (block) => {
  expect(decode([Buffer.from(block)])).toEqual({ texts: [], faults: ['PARSE_ERROR'] });
});

test('headers without end are bounded', () => {
  const endless = Buffer.from(`Content-Type: ${'x'.repeat(limits.headerBytes)}`);
  expect(decode([endless]).faults).toEqual(['LIMIT_EXCEEDED']);
  expect(decode(cut(endless, () => 100)).faults).toEqual(['LIMIT_EXCEEDED']);
});

test('a length past the bound is refused before its body is stored', () => {
  expect(decode([Buffer.from(`Content-Length: ${limits.messageBytes + 1}\r\n\r\n`)]).faults).toEqual(['LIMIT_EXCEEDED']);
});

test('a stopped decoder hands back what it had begun', () => {
  const decoder = new FrameDecoder({ message: () => undefined, fault: () => undefined });
  decoder.push(Buffer.from('{"a":1}\n{"b"'));
  expect(decoder.stop().toString()).toBe('{"b"');
});
