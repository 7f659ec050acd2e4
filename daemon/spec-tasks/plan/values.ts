// The values of fields that are lists.
import type { Item } from './body.ts';
import { tickedTokens } from './text.ts';

const nothing = /^(?:none|n\/a|-|–|—)\.?$/i;

/** Paths in backticks; else what looks like one, or a word that stands alone. */
export function readPaths(texts: readonly string[]): string[] {
  return distinct(texts.flatMap((text) => orElse(tickedTokens(text), () => text.split(/[,;\n]/).flatMap(pathsIn))));
}

/** Commands in backticks; else the whole text is one. */
export function readCommands(texts: readonly string[]): string[] {
  return distinct(texts.flatMap((text) => orElse(tickedTokens(text), () => [text])).filter(isSomething));
}

/** Split at commas where they stand on the line of their label, or where every part is a single word. */
export function readRequirements(items: readonly Item[]): string[] {
  return distinct(
    items.flatMap(({ text, inline }) => {
      const parts = text.split(/[,;]/).map((part) => part.trim());
      return inline || parts.every((part) => !/\s/.test(part)) ? parts : [text];
    }),
  ).filter(isSomething);
}

/** What in a title names a file: a path inside the repository, or a name with an extension. */
export function pathsInTitle(title: string): string[] {
  return distinct(tickedTokens(title).filter(isPath));
}

function isPath(word: string): boolean {
  if (word.length > 300 || word.startsWith('/')) return false;
  return word.includes('/') ? /^[\w.@*{}[\]+~/-]+$/.test(word) : /^[\w.@*-]+\.[a-z][a-z0-9]{0,4}$/i.test(word);
}

function pathsIn(text: string): string[] {
  const words = text.trim().split(/\s+/);
  return words.length === 1 ? words.filter(isSomething) : words.filter(isPath);
}

function isSomething(text: string): boolean {
  return text !== '' && !nothing.test(text);
}

function orElse<T>(found: readonly T[], other: () => readonly T[]): readonly T[] {
  return found.length > 0 ? found : other();
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
