// The file as it was written, checked key by key but not yet merged with its base. Steps and arguments keep their key path, so that
// whatever is found out later can still point at the line.

import type { LeaseWish } from './definition.ts';
import { type FileConcurrency, type FileRetry, type FileSchedule, readConcurrency, readRetry, readSchedule } from './file-blocks.ts';
import {
  argumentShape,
  commandShape,
  type StepListKey,
  sessionShape,
  stepLists,
  stepShape,
  windowShape,
  worktreeShape,
} from './file-shape.ts';
import type { KeyPath, Problems } from './problems.ts';
import { type KeysOf, readKeys } from './read-keys.ts';
import { readLeases } from './read-leases.ts';
import { asText, isMap, isNothing, isPlain } from './scalar.ts';
import { reportStepType, resolveStepForm, type StepForm, stepForm } from './step-form.ts';

export interface FileStep {
  readonly path: KeyPath;
  readonly keys: KeysOf<Omit<typeof stepShape, 'type' | 'action' | 'script'>>;
  readonly retry?: FileRetry;
  readonly form: { readonly type: StepForm; readonly action: string; readonly script?: string };
}

/** Where the steps of the commands that extend this one go. */
export const stepsMarker = '$steps';

export interface FileStepList {
  readonly mode: 'append' | 'replace' | 'prepend';
  readonly items: readonly (FileStep | typeof stepsMarker)[];
}

export interface FileArgument {
  readonly path: KeyPath;
  readonly keys: KeysOf<typeof argumentShape> & { readonly name: string };
}

export interface FileSession extends KeysOf<typeof sessionShape> {
  readonly windows?: readonly { readonly name: string; readonly command?: string }[];
}

export interface CommandFile {
  readonly keys: KeysOf<typeof commandShape>;
  readonly arguments: readonly FileArgument[];
  readonly steps: Readonly<Record<StepListKey, FileStepList>>;
  readonly worktree?: KeysOf<typeof worktreeShape>;
  readonly session?: FileSession;
  readonly leases?: readonly LeaseWish[];
  readonly schedule?: FileSchedule;
  readonly concurrency?: FileConcurrency;
  /** Where a `prompt_file` of this file may lie beside it. */
  readonly promptFolder?: string;
}

export function readCommandFile(raw: unknown, problems: Problems): CommandFile | undefined {
  const others = ['arguments', ...stepLists, 'worktree', 'session', 'leases', 'schedule', 'concurrency'];
  const keys = readKeys(raw, [], problems, { place: 'command', shape: commandShape, others });
  if (keys === undefined || !isMap(raw)) return undefined;
  if (!Object.hasOwn(raw, 'name') || isNothing(raw.name)) problems.add({ path: [], message: 'The command has no "name".' });
  const lists = stepLists.map((key) => [key, readStepList(raw[key], key, problems)] as const);
  const worktree = readWorktree(raw, problems);
  const session = readSession(raw, problems);
  const leases = readLeases(raw.leases, problems);
  const schedule = readSchedule(raw.schedule, problems);
  const concurrency = readConcurrency(raw.concurrency, problems);
  return {
    keys,
    arguments: readList(raw.arguments, ['arguments'], problems).flatMap((item, index) =>
      readArgument(item, ['arguments', index], problems),
    ),
    steps: Object.fromEntries(lists) as Record<StepListKey, FileStepList>,
    ...(worktree === undefined ? {} : { worktree }),
    ...(session === undefined ? {} : { session }),
    ...(leases.length === 0 ? {} : { leases }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function readList(raw: unknown, path: KeyPath, problems: Problems): readonly unknown[] {
  if (isNothing(raw)) return [];
  if (Array.isArray(raw)) return raw;
  problems.add({ path, message: `"${path.at(-1)}" must be a list.` });
  return [];
}

function readStepList(raw: unknown, key: StepListKey, problems: Problems): FileStepList {
  if (!isMap(raw)) return { mode: 'append', items: readSteps(raw, [key], problems) };
  const [mode, ...rest] = Object.keys(raw);
  if ((mode !== 'replace' && mode !== 'prepend') || rest.length > 0) {
    problems.add({ path: [key], message: `"${key}" must be a list, or one of {replace: […]} and {prepend: […]}.` });
    return { mode: 'append', items: [] };
  }
  return { mode, items: readSteps(raw[mode], [key, mode], problems) };
}

function readSteps(raw: unknown, path: KeyPath, problems: Problems): FileStepList['items'] {
  return readList(raw, path, problems).flatMap((item, index): FileStepList['items'] => {
    if (item === stepsMarker) return [stepsMarker];
    const step = readStep(item, [...path, index], problems);
    return step === undefined ? [] : [step];
  });
}

function readStep(raw: unknown, path: KeyPath, problems: Problems): FileStep | undefined {
  if (typeof raw === 'string' || (isPlain(raw) && !isNothing(raw))) {
    const action = String(asText(raw)).trim();
    if (action !== '' && !action.includes('\0')) return { path, keys: {}, form: { type: stepForm(action), action } };
    problems.add({ path, message: 'A step must not be empty or contain a NUL character.' });
    return undefined;
  }
  if (!isMap(raw)) {
    problems.add({ path, message: 'A step must be text or a map of keys.' });
    return undefined;
  }
  const wrongType = reportStepType(raw.type, [...path, 'type'], problems);
  const { type: _, ...withoutType } = raw;
  const keys = readKeys(wrongType ? withoutType : raw, path, problems, { place: 'step', shape: stepShape, others: ['retry'] });
  if (keys === undefined || wrongType) return undefined;
  const { type, action, script, ...rest } = keys;
  // A key that is wrong was reported already: nothing more to say about what the step would run.
  if ((['type', 'action', 'script'] as const).some((key) => keys[key] === undefined && !isNothing(raw[key]))) return undefined;
  const form = resolveStepForm({ ...(type && { type }), ...(action && { action }), ...(script && { script }) }, path, problems);
  const retry = readRetry(raw.retry, [...path, 'retry'], problems);
  return form === undefined ? undefined : { path, keys: rest, form, ...(retry === undefined ? {} : { retry }) };
}

function readArgument(raw: unknown, path: KeyPath, problems: Problems): FileArgument[] {
  const bare = asText(raw);
  const given = typeof bare === 'string' ? { name: bare, required: true } : raw;
  if (!isMap(given)) {
    problems.add({ path, message: 'An argument must be a name or a map of keys.' });
    return [];
  }
  const keys = readKeys(given, path, problems, { place: 'argument', shape: argumentShape });
  if (isNothing(given.name)) problems.add({ path, message: 'The argument has no "name".' });
  return keys?.name === undefined ? [] : [{ path, keys: { ...keys, name: keys.name } }];
}

function readWorktree(raw: Readonly<Record<string, unknown>>, problems: Problems): CommandFile['worktree'] {
  if (!Object.hasOwn(raw, 'worktree')) return undefined;
  const block = isNothing(raw.worktree) ? {} : raw.worktree;
  return readKeys(block, ['worktree'], problems, { place: 'worktree', shape: worktreeShape });
}

function readSession(raw: Readonly<Record<string, unknown>>, problems: Problems): FileSession | undefined {
  if (!Object.hasOwn(raw, 'session')) return undefined;
  const block = isNothing(raw.session) ? {} : raw.session;
  const keys = readKeys(block, ['session'], problems, { place: 'session', shape: sessionShape, others: ['windows'] });
  if (keys === undefined || !isMap(block) || !Object.hasOwn(block, 'windows')) return keys;
  const path = ['session', 'windows'];
  const windows = readList(block.windows, path, problems).flatMap((item, index) => {
    const window = readKeys(item, [...path, index], problems, { place: 'window', shape: windowShape });
    if (window === undefined) return [];
    const { name, command } = window;
    if (name !== undefined) return [{ name, ...(command === undefined ? {} : { command }) }];
    if (!isMap(item) || isNothing(item.name)) problems.add({ path: [...path, index], message: 'The window has no "name".' });
    return [];
  });
  return { ...keys, windows };
}
