// JSON with keys and values that break careless readers, as text, so that `__proto__` is a key and 1e400 a number.
import fc from 'fast-check';

/** Names and texts that mean something to some language, file system or program. */
export const oddWords: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', '', ' ', 'null', 'true', '~', '0', '-1', '1.10'],
  ...[
    '\0',
    '\u2028',
    '\ud800',
    'a\ud83d',
    '💥',
    '\ufeff',
    '\u202e',
    'é',
    'e\u0301',
    '../..',
    '/',
    '.',
    '..',
    '-',
    '--x',
    '$(x)',
    '`x`',
    '{{ x }}',
  ],
  ...['\n', '\r', '\t', '"', "'", '#', '%', '\u001b[31m', 'x'.repeat(300)],
];

const oddNumbers: readonly string[] = [
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '9'.repeat(40),
  '0.1',
  '1E5',
];

/** Of objects mostly, with the words as keys and as texts. */
export function jsonText(words: readonly string[], numbers = oddNumbers): fc.Arbitrary<string> {
  const word = fc.constantFrom(...words).map((text) => JSON.stringify(text));
  const { tree } = fc.letrec<{ tree: string; list: string; map: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(word, fc.constantFrom('null', 'true', 'false', ...numbers)),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('tree'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    map: mapOf(word, tie('tree')),
  }));
  return mapOf(word, tree, 8);
}

function mapOf(word: fc.Arbitrary<string>, value: fc.Arbitrary<string>, maxLength = 4): fc.Arbitrary<string> {
  return fc
    .uniqueArray(fc.tuple(word, value), { maxLength, selector: ([key]) => key })
    .map((entries) => `{${entries.map(([key, item]) => `${key}: ${item}`).join(', ')}}`);
}
