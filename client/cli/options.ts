// Readers of option values for commander.
import { UsageError } from './exit-codes.ts';

/** One of a few words. */
export function choice<T extends string>(name: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UsageError(`${name} takes ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, not "${text}".`);
  };
}

/** An option that may be given again. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** `label=agent` words. */
export function pairs(name: string): (text: string, before?: Record<string, string>) => Record<string, string> {
  return (text, before = {}) => {
    const at = text.indexOf('=');
    if (at < 1 || at === text.length - 1) throw new UsageError(`${name} takes pairs like 2=codex, not "${text}".`);
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  };
}

export function share(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d*\.?\d+$/.test(text) && value <= 1) return value;
    throw new UsageError(`${name} takes a number from 0 to 1, like 0.5, not "${text}".`);
  };
}
