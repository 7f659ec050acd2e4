import { describe, expect, test } from 'vitest';
import { createTail } from '../../../../client/cli/top/output-tail.ts';
import { cutTo, plainLine, plainText, toWidth, widthOf, wrap } from '../../../../client/cli/top/plain-text.ts';

describe('foreign text for one line', () => {
  test.each([
    ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['a title of the terminal', '\u001b]0;owned\u0007name', 'name'],
    ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['moving and erasing', 'a\u001b[2J\u001b[10;10Hb', 'ab'],
    ['line ends and tabs', 'one\n  two\tthree\rfour', 'one two three four'],
    ['signs for directions', 'a\u202eb\u2066c', 'abc'],
    ['joined emoji come apart', '👨‍👩‍👧 👍🏽 ❤️', '👨👩👧 👍 ❤'],
  ])('is without %s', (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test('has no control character left, whatever it was', () => {
    const every = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code)).join('x');
    expect(plainText(every)).not.toMatch(/\p{Cc}/u);
    expect(plainText('\u001b]0;never ended')).not.toMatch(/\p{Cc}/u);
  });

  test('of output keeps its indent, and of a line that is drawn again what stands there last', () => {
    expect(plainLine('  if x:\r')).toBe('  if x:');
    expect(plainLine('10 %\r100 %')).toBe('100 %');
    expect(plainLine('\tdeep')).toBe('    deep');
  });
});

describe('width', () => {
  test('is in columns', () => {
    expect(['abc', '表', '🎉', 'e\u0301', ''].map(widthOf)).toEqual([3, 2, 2, 1, 0]);
  });

  test('a cut never splits a wide sign, and the rest is filled', () => {
    expect(cutTo('表を作る', 5)).toBe('表を…');
    expect(cutTo('表を作る', 4)).toBe('表…');
    expect(toWidth('表を作る', 4)).toBe('表… ');
    expect(toWidth('ab', 4)).toBe('ab  ');
    expect(cutTo('ab', 0)).toBe('');
  });

  test('wrapping loses nothing, also where one sign is wider than a line', () => {
    for (const width of [1, 2, 7]) expect(wrap('表を作る and more 🎉', width).join('')).toBe('表を作る and more 🎉');
    expect(wrap('abcdef', 4)).toEqual(['abcd', 'ef']);
    expect(wrap('', 4)).toEqual(['']);
  });
});

test('a tail puts lines together from any pieces, and keeps the last ones', () => {
  const tail = createTail();
  for (const byte of Buffer.from('über\nzwei')) tail.add(Uint8Array.of(byte));
  expect(tail.lines()).toEqual(['über', 'zwei']);
  tail.add(Buffer.from(`\n${'x\n'.repeat(5_000)}last`));
  expect(tail.lines()).toHaveLength(2_001);
  expect(tail.lines().at(-1)).toBe('last');
});
