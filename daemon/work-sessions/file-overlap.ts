/**
 * May two declared lists of files, with globs in them, mean the same file? Answers one of them, or undefined. What can not be told apart
 * counts as the same: waiting is harmless, a conflict is not.
 */
export function overlapOf(mine: readonly string[], theirs: readonly string[]): string | undefined {
  return mine.find((one) => theirs.some((other) => mayMeet(one, other)));
}

function mayMeet(one: string, other: string): boolean {
  const [a, b] = [literalStart(one), literalStart(other)];
  if (a.isWhole && b.isWhole) return a.text === b.text || isInside(a.text, b.text) || isInside(b.text, a.text);
  if (a.isWhole) return a.text.startsWith(b.text) || isInside(b.text, a.text);
  if (b.isWhole) return b.text.startsWith(a.text) || isInside(a.text, b.text);
  return a.text.startsWith(b.text) || b.text.startsWith(a.text);
}

/** What stands before the first glob character. */
function literalStart(pattern: string): { text: string; isWhole: boolean } {
  const path = pattern.replace(/^\.\//, '');
  const at = path.search(/[*?[{]/);
  return at === -1 ? { text: path.replace(/\/$/, ''), isWhole: true } : { text: path.slice(0, at), isWhole: false };
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
