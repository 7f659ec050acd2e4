// The line that begins a task -> its title and what is written around it: `T002 [P] **Add a hook** (S) - reads the setting`.
import { limits } from '../../../schemas/limits.ts';
import { readLabel } from './label.ts';
import { cut, trimEndAny, unwrapped } from './text.ts';
import { type Notes, noNotes, stripFirst, stripNotes } from './title-notes.ts';

export interface Title {
  readonly title: string;
  readonly label?: string;
  /** What of the line belongs to the description. */
  readonly opening: string;
  readonly notes: Readonly<Notes>;
}

/** A line that is longer than this is prose from there on. */
const lineChars = 1_000;

/** `mayBeLabelled` is false where the label was found already: the rest may begin with a number of its own. */
export function readTitle(line: string, mayBeLabelled: boolean): Title {
  const head = cut(line, lineChars);
  const tail = (/\s$/.test(head) ? ' ' : '') + line.slice(head.length);
  const notes = noNotes();
  const outer = takeLabel(stripNotes(head, notes), mayBeLabelled);
  const { bold, rest } = splitBold(stripNotes(outer.title, notes));
  const inner = takeLabel(stripNotes(bold, notes), mayBeLabelled && outer.label === undefined);
  const label = outer.label ?? inner.label;
  const opening = withoutSeparator(stripFirst(withoutSeparator(rest), notes));
  const title = trimEndAny(stripNotes(unwrapped(trimEndAny(inner.title, '.: ')), notes), '.: ');
  const capped = capTitle(title === '' ? trimEndAny(opening, '.: ') : title);
  const texts = [capped.rest, title === '' ? '' : opening].filter((text) => text !== '');
  return { title: capped.title, ...(label !== undefined && { label }), opening: (texts.join('\n') + tail).trim(), notes };
}

/** A title as long as titles may be, and the rest of it. */
export function capTitle(title: string): { readonly title: string; readonly rest: string } {
  const head = cut(title, limits.planTitleChars);
  return { title: head.trim(), rest: title.slice(head.length).trim() };
}

function takeLabel(title: string, mayBeLabelled: boolean): { readonly title: string; readonly label?: string } {
  const found = mayBeLabelled ? readLabel(title) : undefined;
  return found ? { title: found.rest, label: found.label } : { title };
}

/** `**Bold** - rest` and `**Bold:** rest`; bold that merely begins a sentence is part of it. */
function splitBold(text: string): { readonly bold: string; readonly rest: string } {
  const mark = ['**', '__'].find((one) => text.startsWith(one));
  const end = mark === undefined ? -1 : text.indexOf(mark, mark.length);
  if (mark === undefined || end <= mark.length) return { bold: text, rest: '' };
  const bold = text.slice(mark.length, end).trim();
  const rest = text.slice(end + mark.length).trim();
  const isSeparated = /^(?:\([^()]{1,60}\)\s{0,8})?(?::|[-–—]{1,2}(?=\s|$))/.test(rest);
  const isTitle = rest === '' || isSeparated || bold.endsWith(':') || readLabel(bold)?.rest === '';
  return isTitle ? { bold, rest } : { bold: text, rest: '' };
}

function withoutSeparator(text: string): string {
  return text.replace(/^(?::|[-–—]{1,2}(?=\s|$))/, '').trim();
}
