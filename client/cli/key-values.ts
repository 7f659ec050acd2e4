import { UsageError } from './exit-codes.ts';

/** `key=value` words, split at the first `=`. A key that is given again makes a list. */
export function parseKeyValues(words: readonly string[]): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) {
      throw new UsageError(`"${word}" is not an argument; write arguments as key=value, like message='fix the login'.`);
    }
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    const next = before === undefined ? value : [before, value].flat();
    // Defined, not assigned: a key named __proto__ is a key like any other.
    Object.defineProperty(result, key, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** A time option of commander, in seconds. */
export function seconds(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d*\.?\d+$/.test(text) && value > 0) return value;
    throw new UsageError(`${name} takes seconds, like 90 or 0.5, not "${text}".`);
  };
}

/** A number option of commander. */
export function wholeNumber(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new UsageError(`${name} takes a whole number from ${least} on, not "${text}".`);
    }
    return value;
  };
}
