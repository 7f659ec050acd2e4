// The keys of a command file, place by place. Every value is parsed on its own, so one wrong key never hides what else is wrong; a key that
// holds a list or a map of its own is read by command-file.ts.
import { z } from 'zod';
import { argumentTypes } from '../../schemas/command.ts';
import { keepPolicies, limits, sessionKinds } from '../../schemas/index.ts';
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
const data = z.preprocess(
  (value) => (isMap(value) ? asData(value) : record(value)),
  z.record(z.string(), z.unknown(), 'must be a map of names to values'),
);

export const commandShape = {
  name: slug,
  description: text,
  category: label,
  extends: slug,
  abstract: boolean,
  lifecycle: oneOf(sessionKinds),
  environment,
  working_directory: filled,
  timeout: seconds,
  requires: texts,
};

export const stepShape = {
  name: label,
  type: oneOf(['builtin', 'script', 'shell']),
  action: code,
  script: code,
  args: data,
  timeout: seconds,
  env: environment,
  run_in: oneOf(['process', 'tmux']),
  continue_on_error: boolean,
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

export const worktreeShape = { branch: filled, base: filled, path: filled, keep: oneOf(keepPolicies) };

export const sessionShape = {
  name_template: filled,
  working_directory: filled,
  environment,
  keep: oneOf(keepPolicies),
};

export const windowShape = { name: label, command: code };

export const stepLists = ['pre_steps', 'steps', 'post_steps', 'cleanup_on_failure', 'finally_steps'] as const;
export type StepListKey = (typeof stepLists)[number];

/** Keys of the design that this version does not do. Whoever builds one moves it into the shape above. */
export const laterKeys = {
  command: ['prompt_file', 'schedule', 'concurrency'],
  step: ['when', 'retry'],
  worktree: ['copy', 'mcp_template'],
  argument: [],
  session: [],
  window: [],
} as const satisfies Record<string, readonly string[]>;
export type Place = keyof typeof laterKeys;

export const laterStepTypes: readonly string[] = ['agent'];
