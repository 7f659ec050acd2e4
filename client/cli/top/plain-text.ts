// Foreign text for a screen: one line, without anything that moves a cursor, and as wide as it says.
import stringWidth from 'string-width';
import { oneLine, withoutSequences } from '../text.ts';

/**
 * Marks that join, turn or colour what stands beside them: terminals disagree on how wide the result is, and the ones for directions let a
 * text look like another.
 */
const modifiers = /\p{Cf}|\p{Emoji_Modifier}|\p{Variation_Selector}|\p{Zl}|\p{Zp}|\p{Me}/gu;

export function plainText(text: string): string {
  return oneLine(withoutSequences(text).replace(/[\t\r]/g, ' ')).replace(modifiers, '');
}

/** Like the screen of a program that wrote it: of a line that was drawn again and again, what stands there last. */
export function plainLine(text: string): string {
  const drawn = withoutSequences(text.replace(/\r+$/, '')).split('\r').at(-1) ?? '';
  const indented = drawn.replace(/\t/g, '    ');
  return indented.slice(0, indented.length - indented.trimStart().length).replace(/\s/g, ' ') + plainText(indented);
}

/** In columns. */
export function widthOf(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** Exactly this wide: cut with an ellipsis, or filled with blanks. */
export function toWidth(text: string, width: number): string {
  const cut = cutTo(text, width);
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}

export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width <= 0 ? '' : `${takeWidth(text, width - 1)}…`;
}

/** The lines of a text that is too wide for one; there is always one. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width) {
    // What is wider than a whole line stands alone, and is cut where it is shown.
    const line = takeWidth(rest, width) || (rest.match(/^./su)?.[0] ?? rest);
    lines.push(line);
    rest = rest.slice(line.length);
  }
  return [...lines, rest];
}

function takeWidth(text: string, width: number): string {
  let used = 0;
  let taken = '';
  for (const char of text) {
    used += charWidth(char);
    if (used > width) break;
    taken += char;
  }
  return taken;
}

const widths = new Map<string, number>();

function charWidth(char: string): number {
  if (isAscii(char)) return 1;
  const known = widths.get(char) ?? stringWidth(char);
  widths.set(char, known);
  return known;
}

/** Of what is left after `plainText`, all of it is one column wide. */
function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
