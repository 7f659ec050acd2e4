import { expect, test } from 'vitest';
import { createPlainParts, plainLine, plainText } from '../../../../client/editors/vscode/model/plain.ts';

const esc = '\u001b';

test.each([
  ['colours', `${esc}[1;31mred${esc}[0m`, 'red'],
  ['the name of a window', `${esc}]0;owned\u0007name`, 'name'],
  ['a link of a terminal', `${esc}]8;;file:///etc/passwd${esc}\\here${esc}]8;;${esc}\\`, 'here'],
  ['sequences of one byte', '\u009b31mred \u009d0;x\u009cend', 'red end'],
  ['line ends', 'one\r\ntwo\nthree\u2028four', 'one two three four'],
  ['a button', '[yes](command:workbench.action.quit)', '[yes] (command:workbench.action.quit)'],
  ['a button behind a sequence', `[yes]${esc}[0m(command:x)`, '[yes] (command:x)'],
  ['an icon', 'ok $(pass)', 'ok $ (pass)'],
  ['what turns the order around', 'a\u202eb', 'a\ufffdb'],
  ['other control characters', 'a\u0000\u0008b', 'a\ufffd\ufffdb'],
])('a line is without %s', (_, text, plain) => {
  expect(plainLine(text)).toBe(plain);
});

test('a line has an end, which cuts no character in two', () => {
  expect(plainLine('x'.repeat(1_000), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(plainLine(`${'x'.repeat(8)}😀xxx`, 10)).toBe(`${'x'.repeat(8)}…`);
});

test('a text keeps its lines, and a carriage return begins one', () => {
  expect(plainText(`10%\r20%\r\n${esc}[32mdone${esc}[0m\tok\n`)).toBe('10%\n20%\ndone\tok\n');
});

test.each([[`a${esc}[31mb${esc}[0mc`], [`a${esc}]0;title\u0007b${esc}]0;again${esc}\\c`], ['a\r\nb\r\n'], ['\u009b1mx']])(
  'wherever %j is cut, the parts are the same text',
  (text) => {
    for (let at = 0; at <= text.length; at += 1) {
      const parts = createPlainParts();
      expect(parts.take(text.slice(0, at)) + parts.take(text.slice(at)) + parts.rest()).toBe(plainText(text));
    }
  },
);

test('what never ends is not held for ever', () => {
  const parts = createPlainParts();
  expect(parts.take(`${esc}]0;`)).toBe('');
  expect(parts.take('x'.repeat(10_000))).toHaveLength(10_002);
  expect(parts.take('more')).toBe('more');
});
