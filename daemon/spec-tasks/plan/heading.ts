import { unwrapped } from './text.ts';

export interface Heading {
  readonly level: number;
  /** Without closing marks and without emphasis around all of it. */
  readonly text: string;
}

const levels = 6;

/** A heading of the `#` kind. Deeper indented it would be code. */
export function readHeading(content: string, indent: number): Heading | undefined {
  if (content[0] !== '#' || indent > 3) return undefined;
  let level = 1;
  while (content[level] === '#') level += 1;
  const next = content[level];
  if (level > levels || (next !== undefined && next !== ' ' && next !== '\t')) return undefined;
  return { level, text: unwrapped(withoutClosingMarks(content.slice(level).trim())) };
}

function withoutClosingMarks(text: string): string {
  let end = text.length;
  while (text[end - 1] === '#') end -= 1;
  const before = text[end - 1];
  return before === undefined || before === ' ' || before === '\t' ? text.slice(0, end).trim() : text;
}
