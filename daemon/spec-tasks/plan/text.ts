// Small operations on text whose time grows with its length and no faster.

/** Emphasis that stands around the whole text goes away. */
export function unwrapped(text: string): string {
  const mark = emphasisMark(text);
  if (mark === '' || text.length <= 2 * mark.length || !text.endsWith(mark)) return text;
  const inner = text.slice(mark.length, -mark.length);
  return inner.includes(mark) ? text : inner.trim();
}

/** The stars or underscores that a text begins with, three at most. */
export function emphasisMark(text: string): string {
  return /^(?:\*{1,3}|_{1,3})(?=\S)/.exec(text)?.[0] ?? '';
}

/** Emphasis that a text begins with goes away, wherever it ends. */
export function withoutFirstEmphasis(text: string): string {
  const mark = emphasisMark(text);
  const end = mark === '' ? -1 : text.indexOf(mark, mark.length);
  return end < 0 ? text : `${text.slice(mark.length, end)}${text.slice(end + mark.length)}`;
}

export function trimAny(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text[start] as string)) start += 1;
  return trimEndAny(text.slice(start), characters);
}

export function trimEndAny(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end -= 1;
  return text.slice(0, end);
}

/** Never between the two halves of a character. */
export function cut(text: string, chars: number): string {
  const last = text.charCodeAt(chars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff && text.length > chars ? chars - 1 : chars);
}

/** What stands between single backticks. */
export function tickedTokens(text: string): string[] {
  return [...text.matchAll(/`([^`]{1,500})`/g)].map(([, token = '']) => token.trim()).filter((token) => token !== '');
}

/** One space for any white space, none around; at most that many characters of it. */
export function squeezed(text: string, chars: number): string {
  return text
    .slice(0, 4 * chars)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, chars);
}
