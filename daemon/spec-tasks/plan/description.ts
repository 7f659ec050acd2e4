import { columnsBefore, withoutIndent } from './lines.ts';

/** As far left as its leftmost line, without white space at its end. An empty line before it stays. */
export function asDescription(texts: readonly string[]): string {
  const least = texts.reduce((columns, text) => (text === '' ? columns : Math.min(columns, columnsBefore(text))), Number.POSITIVE_INFINITY);
  return texts
    .map((text) => (text === '' ? '' : withoutIndent(text, least)))
    .join('\n')
    .trimEnd();
}

/** A line across the page: it parts tasks, and says nothing itself. */
export function isRule(content: string): boolean {
  return /^(?:-{3,}|\*{3,}|_{3,})$/.test(content);
}
