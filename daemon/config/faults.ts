// What is wrong with a value, in words: what was expected and what came.
import type { z } from 'zod';
import type { ConfigPath } from '../../schemas/config-tree.ts';

/** Something wrong with the configuration, before it is known where that was written. */
export interface Fault {
  readonly path: ConfigPath;
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
  /** The name itself is wrong, not its value. */
  readonly isName?: boolean;
}

type Issue = z.core.$ZodIssue;

/** `value` is what the issue is about; a secret one is not shown. */
export function faultOf(issue: Issue, path: ConfigPath, value: unknown, isSecret: boolean): Fault {
  const expected = expectedBy(issue);
  if (value === undefined) return { path, expected, got: 'nothing', message: `is missing; expected ${expected}` };
  const got = isSecret ? 'a value that is not shown' : textOf(value);
  const message = expected.startsWith('must ') ? `${expected}, not ${got}` : `expected ${expected}, got ${got}`;
  return { path, expected, got, message };
}

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return types[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return listText(issue.values.map((value) => JSON.stringify(value)));
    case 'too_small':
      return `${amountText(issue.origin)} of at least ${issue.minimum}${unitText(issue.origin)}`;
    case 'too_big':
      return `${amountText(issue.origin)} of at most ${issue.maximum}${unitText(issue.origin)}`;
    case 'invalid_format':
      return formatText(issue);
    case 'invalid_union':
      return listText([...new Set(issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectedBy(first)])))]);
    default:
      return issue.message;
  }
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table',
  record: 'a table',
};

function amountText(origin: string): string {
  return origin === 'string' ? 'text' : origin === 'array' ? 'a list' : 'a number';
}

function unitText(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
}

function formatText(issue: z.core.$ZodIssueInvalidStringFormat): string {
  if (issue.format === 'starts_with' && 'prefix' in issue) return `text that begins with ${JSON.stringify(issue.prefix)}`;
  if (issue.format === 'url') return 'a URL';
  return issue.message;
}

function listText(choices: readonly string[]): string {
  return choices.length < 2 ? (choices[0] ?? 'nothing') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

const shownChars = 60;

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object' && value !== null) return 'a table';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > shownChars ? `${text.slice(0, shownChars - 1)}…` : text;
}
