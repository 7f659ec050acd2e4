// The keys of a command file, place by place. Every value is parsed on its own, so one wrong key never hides what else is wrong; a key that
// holds a list or a map of its own is read by command-file.ts.
import { z } from 'zod';
import { argumentTypes } from '../../schemas/command.ts';
import { CopyPattern, copyModes } from '../../schemas/copy-rule.ts';
import { keepPolicies, limits, sessionKinds, stepTypes } from '../../schemas/index.ts';
import { leaseKeyPattern, leaseKinds } from '../../schemas/lease.ts';
import { RegistryName } from '../../schemas/registry-name.ts';
import { asBoolean, asData, asText, asValue, isMap, isPlain } from './scalar.ts';

const withoutNul = (text: string) => !text.includes('\0');

const text = z.preprocess(asText, z.string('must be text').refine(withoutNul, 'must not contain a NUL character'));
const filled = z.preprocess(
  asText,
  z.string('must be text').trim().min(1, 'must not be empty').refine(withoutNul, 'must not contain a NUL character'),
);
/** Code keeps its white space. */
const code = z.preprocess(
  asText,
  z
    .string('must be text')
    .refine((body) => body.trim() !== '', 'must not be empty')
    .refine(withoutNul, 'must not contain a NUL character'),
);
const label = filled.pipe(z.string().max(limits.nameChars, `must not be longer than ${limits.nameChars} characters`));
const slug = label.pipe(
  z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit'),
);
const identifier = label.pipe(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'must be letters, digits, "_" and "-", beginning with a letter or "_"'),
);
const boolean = z.preprocess(asBoolean, z.boolean('must be true or false'));
const longestSeconds = 604_800;
const seconds = z.preprocess(
  asValue,
  z
    .number('must be a number of seconds')
    .min(0, 'must not be negative')
    .max(longestSeconds, `must not be more than ${longestSeconds} seconds`),
);
const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.preprocess(asText, z.enum(words, `must be one of ${words.join(', ')}`));
const texts = z.preprocess(asValue, z.array(filled, 'must be a list').max(100, 'must not hold more than 100 entries'));

const record = (value: unknown) => (isMap(value) ? value : isPlain(value) ? value.value : value);
const environment = z.preprocess(
  record,
  z.record(z.string().regex(/^[^=\0]+$/, 'is no name of an environment variable'), text, 'must be a map of names to values'),
);
const credentials = z.preprocess(
  record,
  z.record(
    z.string().regex(/^(?!COPPICE_|PRUNEJUICE_)[A-Za-z_][A-Za-z0-9_]*$/, 'is no name that a variable of a step may have'),
    filled.pipe(RegistryName),
    'must be a map of variables to names of credentials',
  ),
);
const data = z.preprocess(
  (value) => (isMap(value) ? asData(value) : record(value)),
  z.record(z.string(), z.unknown(), 'must be a map of names to values'),
);

const between = (least: number, most: number, what: string) =>
  z.preprocess(asValue, z.number(`must be ${what}`).min(least, `must be ${what}`).max(most, `must be ${what}`));
const whole = (least: number, most: number) =>
  z.preprocess(asValue, z.int('must be a whole number').min(least, `must not be below ${least}`).max(most, `must not be above ${most}`));
const backoff = between(0, limits.retryBackoffMs, `a number of milliseconds up to ${limits.retryBackoffMs}`);
const notAFailure = 'must be exit codes from 1 to 255, "timeout" or "signal"';
const exitCode = z.int(notAFailure).min(1, notAFailure).max(255, notAFailure);
/** Exit codes and the words for other ways to fail. */
const failures = z.preprocess(
  (value) => (Array.isArray(value) ? value.map(asValue) : [asValue(value)]),
  z
    .array(z.union([exitCode, z.enum(['timeout', 'signal'])], notAFailure), notAFailure)
    .min(1, 'must not be empty')
    .max(100, 'must not hold more than 100 entries'),
);

export const commandShape = {
  name: slug,
  description: text,
  category: label,
  extends: slug,
  abstract: boolean,
  prompt_file: filled,
  lifecycle: oneOf(sessionKinds),
  environment,
  working_directory: filled,
  timeout: seconds,
  requires: texts,
};

export const stepShape = {
  name: label,
  type: oneOf(stepTypes),
  action: code,
  script: code,
  args: data,
  timeout: seconds,
  env: environment,
  credentials,
  run_in: oneOf(['process', 'tmux']),
  continue_on_error: boolean,
  when: filled,
  id: identifier,
  working_directory: filled,
};

export const argumentShape = {
  name: identifier,
  type: oneOf(argumentTypes),
  required: boolean,
  // These two stay as they are written until the type is known.
  default: z.unknown(),
  choices: z.array(z.unknown(), 'must be a list').min(1, 'must not be empty').max(100, 'must not hold more than 100 entries'),
  description: text,
  secret: boolean,
};

/** A pattern alone is a file to copy when it is there. */
const copyRule = z.preprocess(
  (value) => (typeof value === 'string' ? { pattern: value } : value),
  z.strictObject(
    { pattern: filled.pipe(CopyPattern), mode: oneOf(copyModes).default('copy'), required: boolean.default(false) },
    'must be a pattern or a map of pattern, mode and required',
  ),
);

export const worktreeShape = {
  branch: filled,
  base: filled,
  path: filled,
  keep: oneOf(keepPolicies),
  existing: oneOf(['refuse', 'reuse']),
  copy: z.array(copyRule, 'must be a list').max(100, 'must not hold more than 100 entries'),
  mcp_template: label.pipe(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be the name in .mcp.<name>.json: letters, digits, ".", "_" and "-"'),
  ),
};

export const leaseShape = {
  key: label.pipe(z.string().regex(leaseKeyPattern, 'must be letters, digits and underscores, beginning with a letter')),
  kind: oneOf(leaseKinds),
  pool: label,
  value: filled,
  slots: whole(1, 1_000),
};

export const sessionShape = {
  name_template: filled,
  working_directory: filled,
  environment,
  keep: oneOf(keepPolicies),
};

export const retryShape = {
  max_attempts: whole(1, limits.retryAttempts),
  initial_backoff_ms: backoff,
  multiplier: between(1, 100, 'a number from 1 to 100'),
  max_backoff_ms: backoff,
  jitter: between(0, 1, 'a number from 0 to 1'),
  on: failures,
};

export const concurrencyShape = { group: slug, limit: whole(1, limits.concurrencyLimit) };

export const scheduleShape = { cron: label, timezone: label, arguments: data, overlap: oneOf(['skip', 'queue']) };

export const windowShape = { name: label, command: code };

export const stepLists = ['pre_steps', 'steps', 'post_steps', 'cleanup_on_failure', 'finally_steps'] as const;
export type StepListKey = (typeof stepLists)[number];

/** Keys of the design that this version does not do. Whoever builds one moves it into the shape above. */
export const laterKeys = {
  command: [],
  step: [],
  retry: [],
  concurrency: [],
  schedule: [],
  worktree: [],
  lease: [],
  argument: [],
  session: [],
  window: [],
} as const satisfies Record<string, readonly string[]>;
export type Place = keyof typeof laterKeys;
