// What is written around a title, in brackets and parentheses: `[P]`, `[P1]`, `[US2]`, `(depends on 1, 2)`, `(~2h)`.
import type { TaskPriority } from '../../../schemas/plan.ts';
import { isEffort } from './effort.ts';
import { fieldNamed } from './fields.ts';
import { trimEndAny } from './text.ts';

export interface Notes {
  parallel: boolean;
  priority?: TaskPriority;
  story?: string;
  effort?: string;
  readonly dependencies: string[];
}

const priorities: readonly TaskPriority[] = ['critical', 'high', 'medium', 'low'];
const mostNotes = 16;

export function noNotes(): Notes {
  return { parallel: false, dependencies: [] };
}

/** The text without the notes at its two ends, and without dependencies anywhere in it. */
export function stripNotes(text: string, notes: Notes): string {
  let rest = text.replace(/\s?\(([^()]{1,300})\)/g, (all, inside: string) => (takeDependencies(inside, notes) ? '' : all)).trim();
  for (let taken = 0; taken < mostNotes; taken += 1) {
    const shorter = stripLast(stripFirst(rest, notes), notes);
    if (shorter === rest) break;
    rest = shorter;
  }
  return rest;
}

export function stripFirst(text: string, notes: Notes): string {
  const [all = '', tag, inside] = /^(?:\[([^[\]]{1,8})\](?!\()|\(([^()]{1,60})\))\s{0,8}/.exec(text) ?? [];
  return takeNote(tag, inside, notes) ? text.slice(all.length) : text;
}

/** A note may be followed by the end of the sentence. Glued to a word it is a part of that: `item(s)`. */
function stripLast(text: string, notes: Notes): string {
  const sentence = trimEndAny(text, '.: ');
  const opening = { ']': '[', ')': '(' }[sentence.at(-1) ?? ''];
  const start = opening === undefined ? -1 : sentence.lastIndexOf(opening);
  if (start < 0 || !/^\s?$/.test(sentence.charAt(start - 1))) return text;
  const inside = sentence.slice(start + 1, -1);
  const [tag, note] = opening === '[' ? [inside, undefined] : [undefined, inside];
  return takeNote(tag, note, notes) ? sentence.slice(0, start).trim() : text;
}

function takeNote(tag: string | undefined, inside: string | undefined, notes: Notes): boolean {
  if (tag !== undefined) return takeTag(tag, notes);
  return inside !== undefined && takeEffort(inside, notes);
}

function takeTag(tag: string, notes: Notes): boolean {
  const known = /^(?:P([0-3])?|(US\d{1,4}))$/i.exec(tag);
  if (known === null) return false;
  const [, level, story] = known;
  if (story !== undefined) notes.story = story.toUpperCase();
  else if (level === undefined) notes.parallel = true;
  else notes.priority = priorities[Number(level)] as TaskPriority;
  return true;
}

function takeEffort(inside: string, notes: Notes): boolean {
  const colon = inside.indexOf(':');
  const text = colon > 0 && fieldNamed(inside.slice(0, colon)) === 'effort' ? inside.slice(colon + 1) : inside;
  if (!isEffort(text)) return false;
  notes.effort = text.trim();
  return true;
}

function takeDependencies(inside: string, notes: Notes): boolean {
  const colon = inside.indexOf(':');
  const named = colon > 0 && fieldNamed(inside.slice(0, colon)) === 'dependencies' ? colon + 1 : undefined;
  const said = /^(?:depends on|blocked by)\s/i.exec(inside)?.[0].length;
  const from = named ?? said;
  if (from === undefined) return false;
  notes.dependencies.push(inside.slice(from).trim());
  return true;
}
