// What a text of dependencies refers to. Labels and titles count, positions do not: `1, 2`, `Tasks 1 and 2`, `#3`, `T003`, `1-3`,
// `Phase 1`, `all previous`, `previous task`, a title or the beginning of one. A number inside of prose is a number.
import { limits } from '../../../schemas/limits.ts';
import { labelPattern } from './label.ts';
import { squeezed, trimAny } from './text.ts';

export type Reference =
  | { readonly kind: 'label' | 'phase'; readonly label: string }
  | { readonly kind: 'range'; readonly labels: readonly string[] }
  | { readonly kind: 'task'; readonly index: number }
  | { readonly kind: 'previous' | 'allPrevious' | 'nothing' }
  /** A range that is reversed or too wide, and what is neither a reference nor a title. */
  | { readonly kind: 'badRange' | 'unresolved'; readonly text: string };

/** The task that a title, or the beginning of one, means; undefined when none or more than one. */
export type FindByTitle = (text: string) => number | undefined;

/** What is longer is prose. */
const pieceChars = 300;
const keyword = '(?:tasks?|steps?)';
const dash = String.raw`(?: ?[-–—] ?| ?\.\. ?| to | through )`;
const numbered = String.raw`(T|(?:\d{1,6}\.){1,3})?(\d{1,6})`;
const marked = new RegExp(String.raw`^(${keyword} )?(#)?(${labelPattern})(?![\w-])(.{0,${pieceChars}})$`, 'i');
const range = new RegExp(`^(?:${keyword} )?#?${numbered}${dash}(?:${keyword} )?#?${numbered}$`, 'i');
const phase = new RegExp(`^(?:phase|stage|milestone) #?(${labelPattern})$`, 'i');
const inProse = new RegExp(
  String.raw`(?:\b${keyword} #?|#)(?:${labelPattern})(?!\w)(?:${dash}#?(?:${labelPattern})(?!\w))?|\bT\d{1,6}\b`,
  'gi',
);

const words: readonly (readonly [RegExp, 'previous' | 'allPrevious' | 'nothing'])[] = [
  [/^(?:none\b.{0,300}|nothing|nil|no|n\/a|na|[-–—]|no (?:dependencies|prerequisites))$/i, 'nothing'],
  [/^(?:all|every)(?: of)?(?: the)? (?:tasks? )?(?:previous|prior|preceding|earlier|above)(?: (?:tasks?|steps?|ones?))?$/i, 'allPrevious'],
  [/^(?:the )?(?:previous|prior|preceding|earlier) (?:tasks|steps)$/i, 'allPrevious'],
  [/^(?:the )?(?:previous|prior|preceding)(?: (?:task|step|one))?$/i, 'previous'],
];

/** In the order of the text. It ends when the caller stops asking. */
export function* readReferences(text: string, findByTitle: FindByTitle): Generator<Reference> {
  const whole = text.length > pieceChars ? undefined : exactly(tidy(text), findByTitle);
  if (whole) return yield whole;
  for (const piece of withoutParentheses(unbracketed(text.trim())).split(/[,;\n]/)) {
    const tidied = piece === '' ? '' : tidy(piece).replace(/^(?:and|plus) /i, '');
    if (tidied !== '') yield* readPiece(tidied, findByTitle);
  }
}

function* readPiece(piece: string, findByTitle: FindByTitle): Generator<Reference> {
  const whole = exactly(piece, findByTitle) ?? explained(piece);
  if (whole) return yield whole;
  for (const part of piece.split(/ (?:and|plus) | ?& ?/i)) {
    if (part === '') continue;
    const reference = exactly(part, findByTitle) ?? explained(part);
    if (reference) yield reference;
    else yield* readProse(part, findByTitle);
  }
}

function* readProse(prose: string, findByTitle: FindByTitle): Generator<Reference> {
  let found = false;
  for (const [text] of prose.matchAll(inProse)) {
    const reference = exactly(text, findByTitle);
    found ||= reference !== undefined;
    if (reference) yield reference;
  }
  if (!found) yield { kind: 'unresolved', text: prose };
}

/** The whole text is one reference. */
function exactly(text: string, findByTitle: FindByTitle): Reference | undefined {
  if (text.length > pieceChars) return undefined;
  const word = words.find(([pattern]) => pattern.test(text));
  if (word) return { kind: word[1] };
  const label = marked.exec(text);
  if (label?.[4] === '') return { kind: 'label', label: label[3] as string };
  const byTitle = findByTitle(text);
  if (byTitle !== undefined) return { kind: 'task', index: byTitle };
  const inPhase = phase.exec(text)?.[1];
  return inPhase === undefined ? rangeOf(text) : { kind: 'phase', label: inPhase };
}

/** `1: Schema`, `Task 2 - API`: the rest repeats the title, unless it refers to something itself. */
function explained(text: string): Reference | undefined {
  const [, , , label, rest = ''] = marked.exec(text) ?? [];
  if (label === undefined || !/^(?:[:.)]| ?[-–—] )/.test(rest)) return undefined;
  const refers = /(?:#|\bT|\b(?:tasks?|steps?) #?| and | & )\d/i.test(rest);
  return refers ? undefined : { kind: 'label', label };
}

function rangeOf(text: string): Reference | undefined {
  const [, prefix = '', first = '', lastPrefix = prefix, last = ''] = range.exec(text) ?? [];
  if (first === '') return undefined;
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > limits.planRangeTasks || lastPrefix.toLowerCase() !== prefix.toLowerCase()) return { kind: 'badRange', text };
  const labels = Array.from({ length: count }, (_, step) => prefix + String(Number(first) + step).padStart(first.length, '0'));
  return { kind: 'range', labels };
}

function tidy(text: string): string {
  const plain = trimAny(squeezed(text, text.length), '`*_"\' ');
  return unbracketed(plain.endsWith('.') ? plain.slice(0, -1) : plain).trim();
}

function unbracketed(text: string): string {
  const isBracketed = (text.startsWith('[') && text.endsWith(']')) || (text.startsWith('(') && text.indexOf(')') === text.length - 1);
  return isBracketed ? text.slice(1, -1) : text;
}

function withoutParentheses(text: string): string {
  return text.replace(/\([^()]*\)/g, ' ');
}
