import type { Line } from './lines.ts';

export type Box = 'open' | 'done' | 'started';

export interface ListItem {
  /** Of `N.` and `N)`. */
  readonly number: string | undefined;
  readonly box: Box | undefined;
  readonly text: string;
}

const boxes: Readonly<Record<string, Box>> = { ' ': 'open', x: 'done', X: 'done', '~': 'started', '-': 'started' };

export function readListItem(line: Line): ListItem | undefined {
  if (line.part !== 'text' || !/^[-*+\d]/.test(line.content)) return undefined;
  const mark = /^(?:[-*+]|(\d{1,9})[.)])(?=\s|$)/.exec(line.content);
  if (mark === null) return undefined;
  const [{ length }, number] = mark;
  const text = line.content.slice(length).trim();
  const box = text[0] === '[' && text[2] === ']' && isSpace(text[3]) ? boxes[text[1] ?? ''] : undefined;
  return { number, box, text: box ? text.slice(3).trim() : text };
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t';
}
