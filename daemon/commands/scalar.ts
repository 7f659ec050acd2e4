// A number, boolean or null of the file, together with how it was written: `1.10` is a fine version and `yes` a fine word, so the place
// where a scalar stands decides what it is, not YAML.

const written = Symbol('written');

export interface PlainScalar {
  readonly [written]: string;
  readonly value: number | boolean | null;
}

export function plainScalar(value: unknown, source: string): string | PlainScalar {
  if (typeof value === 'string') return value;
  const plain = typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { [written]: source, value: plain };
}

export function isPlain(value: unknown): value is PlainScalar {
  return typeof value === 'object' && value !== null && written in value;
}

/** Nothing, `~` and `null` count as a key that was not written. */
export function isNothing(value: unknown): boolean {
  return value === undefined || (isPlain(value) && value.value === null);
}

/** For places that hold text. */
export function asText(value: unknown): unknown {
  if (!isPlain(value)) return value;
  return value.value === null ? '' : value[written];
}

/** For places that hold a number, a map or a list. */
export function asValue(value: unknown): unknown {
  return isPlain(value) ? value.value : value;
}

/** PruneJuice read YAML 1.1, where these words were booleans. */
const booleanWords = new Map([
  ['yes', true],
  ['on', true],
  ['no', false],
  ['off', false],
]);

export function asBoolean(value: unknown): unknown {
  const plain = asValue(value);
  return typeof plain === 'string' ? (booleanWords.get(plain.toLowerCase()) ?? plain) : plain;
}

/** For places that hold anything: a number that would not print as it was written stays text. */
export function asData(value: unknown): unknown {
  if (isPlain(value)) return typeof value.value === 'number' && String(value.value) !== value[written] ? value[written] : value.value;
  if (Array.isArray(value)) return value.map(asData);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asData(item)]));
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlain(value);
}
