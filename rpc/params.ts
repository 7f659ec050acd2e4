// Parses the parameters of a call and says of every wrong one where it is and what was meant.
import type { z } from 'zod';
import type { Method } from '../schemas/define.ts';
import { Failure } from '../schemas/errors.ts';
import { nearest } from './nearest.ts';

const issuesAtMost = 50;

export interface ParamIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestions?: readonly string[];
}

/** Everything the caller passed, parsed, with the fields that this room takes out still in it. */
export function parseParams(name: string, method: Method, params: unknown): Record<string, unknown> {
  const parsed = method.params.safeParse(params);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.flatMap((issue) => explain(method.params, issue)).slice(0, issuesAtMost);
  const sentence = issues.map((issue) => `${quotedPath(issue.path)} ${issue.message}`).join('; ');
  throw new Failure('INVALID_PARAMS', `The parameters of "${name}" are wrong: ${sentence}.`, { details: { issues } });
}

function explain(schema: z.ZodType, issue: z.core.$ZodIssue): ParamIssue[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: sentenceOf(issue) }];
  const known = keysAt(schema, path);
  return issue.keys.map((key) => {
    const suggestions = nearest(key, known);
    const meant = suggestions[0] === undefined ? '' : `; did you mean "${suggestions[0]}"?`;
    return { path: [...path, key], message: `is not known${meant}`, ...(suggestions.length > 0 && { suggestions }) };
  });
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing';
  return issue.message;
}

function quotedPath(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the object' : `"${path.join('.')}"`;
}

/** The keys that an object inside the parameters may have; none when what stands there is no plain object. */
function keysAt(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let at: unknown = bare(schema);
  for (const part of path) {
    const { shape, element } = at as { shape?: Record<string, unknown>; element?: unknown };
    at = bare(typeof part === 'number' ? element : shape?.[part]);
  }
  return Object.keys((at as { shape?: object }).shape ?? {});
}

/** Without optional, default and the like around it. */
function bare(schema: unknown): unknown {
  let at = schema;
  while (isWrapper(at)) at = at.unwrap();
  return at ?? {};
}

function isWrapper(schema: unknown): schema is { unwrap(): unknown } {
  return typeof schema === 'object' && schema !== null && 'unwrap' in schema && !('element' in schema);
}
