// Text -> lines that know where they stand. Whatever is in a fenced block is code and carries no structure, so every reader of structure
// looks at lines of text only. Loops instead of expressions: a line may be as long as the plan.
import { type Heading, readHeading } from './heading.ts';

export interface Line {
  /** Counts from 1. */
  readonly number: number;
  /** Outside of code, tabs before the content are spaces. */
  readonly text: string;
  /** Columns of white space before the content; a tab goes to the next multiple of four. */
  readonly indent: number;
  /** Without white space around it. */
  readonly content: string;
  readonly part: 'text' | 'opening' | 'code' | 'closing';
  readonly heading: Heading | undefined;
}

interface Fence {
  readonly mark: string;
  readonly length: number;
  readonly info: string;
}

const tabColumns = 4;

export function splitLines(text: string): readonly string[] {
  const marked = text.startsWith('\ufeff') ? text.slice(1) : text;
  return (marked.includes('\r') ? marked.replace(/\r\n?/g, '\n') : marked).split('\n');
}

/** The first `skipped` lines are counted and not read. */
export function readLines(texts: readonly string[], skipped: number): readonly Line[] {
  const lines: Line[] = [];
  let open: Fence | undefined;
  for (let at = skipped; at < texts.length; at += 1) {
    const text = texts[at] as string;
    const content = text.trim();
    const indent = content === '' ? 0 : columnsBefore(text);
    let part: Line['part'] = 'code';
    if (open) {
      if (closes(content, open)) part = 'closing';
      if (part === 'closing') open = undefined;
    } else {
      open = opens(content);
      part = open ? 'opening' : 'text';
    }
    const heading = part === 'text' ? readHeading(content, indent) : undefined;
    const plain = part === 'text' && text.includes('\t') ? ' '.repeat(indent) + text.trimStart() : text;
    // One shape for all of them: there may be a great many.
    lines.push({ number: at + 1, text: plain, indent, content, part, heading });
  }
  return lines;
}

/** The info of a line that opens a fenced block. */
export function fenceInfo(line: Line): string {
  return line.part === 'opening' ? (opens(line.content)?.info ?? '') : '';
}

/** The text without that many columns of white space, or as many as there are. */
export function withoutIndent(text: string, columns: number): string {
  let column = 0;
  let at = 0;
  while (column < columns && (text[at] === ' ' || text[at] === '\t')) {
    column = text[at] === '\t' ? nextTab(column) : column + 1;
    at += 1;
  }
  return ' '.repeat(Math.max(0, column - columns)) + text.slice(at);
}

export function columnsBefore(text: string): number {
  let column = 0;
  for (let at = 0; text[at] === ' ' || text[at] === '\t'; at += 1) column = text[at] === '\t' ? nextTab(column) : column + 1;
  return column;
}

function nextTab(column: number): number {
  return column - (column % tabColumns) + tabColumns;
}

/** A block may begin right behind the marks of list items. */
function opens(content: string): Fence | undefined {
  if (!content.includes('```') && !content.includes('~~~')) return undefined;
  let rest = content;
  for (let mark = listMark.exec(rest); mark !== null; mark = listMark.exec(rest)) rest = rest.slice(mark[0].length);
  const fence = fenceOf(rest);
  return fence && !(fence.mark === '`' && fence.info.includes('`')) ? fence : undefined;
}

const listMark = /^(?:[-*+]|\d{1,9}[.)])[ \t]{1,8}/;

function closes(content: string, open: Fence): boolean {
  const fence = fenceOf(content);
  return fence !== undefined && fence.mark === open.mark && fence.length >= open.length && fence.info === '';
}

function fenceOf(content: string): Fence | undefined {
  const mark = content[0];
  if (mark !== '`' && mark !== '~') return undefined;
  let length = 1;
  while (content[length] === mark) length += 1;
  return length < 3 ? undefined : { mark, length, info: content.slice(length).trim() };
}
