/** A key with a name, or a character that was typed. */
export type Key =
  | { readonly name: 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end' | 'enter' | 'escape' | 'backspace' | 'interrupt' }
  | { readonly name: 'char'; readonly char: string };

export function isChar(key: Key, ...chars: readonly string[]): boolean {
  return key.name === 'char' && chars.includes(key.char);
}

/** By how many lines a key moves. */
export function movement(key: Key, page: number): number {
  if (key.name === 'up' || isChar(key, 'k')) return -1;
  if (key.name === 'down' || isChar(key, 'j')) return 1;
  if (key.name === 'pageUp') return -page;
  if (key.name === 'pageDown' || isChar(key, ' ')) return page;
  if (key.name === 'home' || isChar(key, 'g')) return Number.NEGATIVE_INFINITY;
  if (key.name === 'end' || isChar(key, 'G')) return Number.POSITIVE_INFINITY;
  return 0;
}
