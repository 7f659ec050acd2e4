/** Puts stars in the place of secrets, wherever they turn up in what is kept or told. */
export interface Mask {
  text(text: string): string;
  /** The same for every text in a value of JSON, keys included. */
  value<T>(value: T): T;
  /** The same for a text that was cut out of a longer one, so that it may begin inside of a secret. */
  cutText(text: string): string;
}

const stars = '***';
/** Shorter ones are in half of all words. */
const leastChars = 4;
/** A line of a secret that has several, like a key, is a secret of its own. */
const leastLineChars = 8;

export function createMask(secrets: Iterable<string>): Mask {
  const parts = new Set<string>();
  for (const secret of secrets) {
    if (secret.length >= leastChars) parts.add(secret);
    if (secret.includes('\n')) for (const line of secret.split(/\r?\n/)) if (line.length >= leastLineChars) parts.add(line);
  }
  // What contains another one goes first.
  const ordered = [...parts].toSorted((a, b) => b.length - a.length);
  const text = (given: string): string => ordered.reduce((masked, part) => masked.replaceAll(part, stars), given);
  const value = (given: unknown): unknown => {
    if (typeof given === 'string') return text(given);
    if (Array.isArray(given)) return given.map(value);
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([key, member]) => [text(key), value(member)]));
  };
  const cutText = (given: string): string => {
    const inside = ordered.reduce((most, part) => Math.max(most, endOf(part, given)), 0);
    return inside === 0 ? text(given) : stars + text(given.slice(inside));
  };
  return {
    text,
    cutText,
    value: <T>(given: T) => (ordered.length === 0 ? given : (value(given) as T)),
  };
}

/** How many characters at the beginning of a text are the end of a secret. */
function endOf(secret: string, text: string): number {
  for (let from = 1; from < secret.length; from++) if (text.startsWith(secret.slice(from))) return secret.length - from;
  return 0;
}
