import type { z } from 'zod';
import { laterKeys, type Place } from './file-shape.ts';
import type { KeyPath, Problems } from './problems.ts';
import { isMap, isNothing } from './scalar.ts';
import { suggestion } from './suggest.ts';

type Shape = Readonly<Record<string, z.ZodType>>;
export type KeysOf<S extends Shape> = { [K in keyof S]?: z.output<S[K]> };

interface Keys<S extends Shape> {
  readonly place: Place;
  readonly shape: S;
  /** Keys that the caller reads itself. */
  readonly others?: readonly string[];
}

/** Parses each known key of a map on its own and reports every key that is wrong or unknown. The result holds what was right. */
export function readKeys<S extends Shape>(raw: unknown, path: KeyPath, problems: Problems, keys: Keys<S>): KeysOf<S> | undefined {
  if (!isMap(raw)) {
    problems.add({ path, message: path.length === 0 ? 'A command file is a map of keys.' : `"${path.at(-1)}" must be a map of keys.` });
    return undefined;
  }
  const known = [...Object.keys(keys.shape), ...(keys.others ?? [])];
  for (const key of Object.keys(raw)) {
    if (!known.includes(key)) problems.add({ path: [...path, key], message: () => unknownKey(key, known, keys.place), atKey: true });
  }
  const found: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(keys.shape)) {
    if (!Object.hasOwn(raw, key) || isNothing(raw[key])) continue;
    const parsed = schema.safeParse(raw[key]);
    if (parsed.success) found[key] = parsed.data;
    else for (const issue of parsed.error.issues) reportIssue(issue, [...path, key], problems);
  }
  return found as KeysOf<S>;
}

function reportIssue(issue: z.core.$ZodIssue, path: KeyPath, problems: Problems): void {
  const inner = issue.path.filter((part) => typeof part !== 'symbol');
  const full = [...path, ...inner];
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  problems.add({ path: full, message: `"${full.at(-1)}" ${message}.`, atKey: issue.code === 'invalid_key' });
}

function unknownKey(key: string, known: readonly string[], place: Place): string {
  const later: readonly string[] = laterKeys[place];
  if (later.includes(key)) return `This version of coppice does not support the key "${key}".`;
  const where = place === 'command' ? 'a command' : `${place === 'argument' ? 'an' : 'a'} ${place}`;
  return `"${key.slice(0, 60)}" is no key of ${where}${suggestion(key, known) || '.'}`;
}
