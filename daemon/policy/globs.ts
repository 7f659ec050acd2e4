import picomatch from 'picomatch';

/** Only `*`, `**`, `?` and `[…]` are special: an entry that begins with "!" must not turn a list around. */
const options = { dot: true, nonegate: true, noextglob: true, nobrace: true } as const;

const compiled = new WeakMap<readonly string[], (text: string) => boolean>();

/** Lists of the configuration are frozen, so each is compiled once. */
export function matchesAny(globs: readonly string[], text: string): boolean {
  if (globs.includes(text)) return true;
  const known = compiled.get(globs);
  if (known) return known(text);
  const wild = globs.filter((glob) => !isLiteral(glob));
  const matches = wild.length === 0 ? () => false : picomatch(wild, options);
  compiled.set(globs, matches);
  return matches(text);
}

/** Does it name one certain thing? */
export function isLiteral(glob: string): boolean {
  return !/[*?[\]]/.test(glob);
}
