// Blocks of a command file that are a map of their own, or text that stands for one: schedule, concurrency, and the retry of a step.
import { timezoneProblem } from '../kernel/timezone.ts';
import { concurrencyShape, type Place, retryShape, scheduleShape } from './file-shape.ts';
import type { KeyPath, Problems } from './problems.ts';
import { type KeysOf, readKeys } from './read-keys.ts';
import { asText, isMap, isNothing, isPlain } from './scalar.ts';

export type FileRetry = KeysOf<typeof retryShape>;
export type FileConcurrency = KeysOf<typeof concurrencyShape>;
export type FileSchedule = KeysOf<typeof scheduleShape>;

export function readRetry(raw: unknown, path: KeyPath, problems: Problems): FileRetry | undefined {
  return readBlock(raw, path, problems, 'retry', retryShape);
}

export function readConcurrency(raw: unknown, problems: Problems): FileConcurrency | undefined {
  return readBlock(raw, ['concurrency'], problems, 'concurrency', concurrencyShape);
}

/** A bare text is the cron expression. */
export function readSchedule(raw: unknown, problems: Problems): FileSchedule | undefined {
  const isText = typeof raw === 'string' || isPlain(raw);
  const keys = readBlock(isText && !isNothing(raw) ? { cron: asText(raw) } : raw, ['schedule'], problems, 'schedule', scheduleShape);
  if (keys === undefined) return undefined;
  const zone = keys.timezone === undefined ? undefined : timezoneProblem(keys.timezone);
  if (zone !== undefined) problems.add({ path: ['schedule', 'timezone'], message: zone });
  if (isMap(raw) && isNothing(raw.cron)) problems.add({ path: ['schedule'], message: 'The schedule has no "cron".' });
  return keys;
}

function readBlock<S extends typeof retryShape | typeof concurrencyShape | typeof scheduleShape>(
  raw: unknown,
  path: KeyPath,
  problems: Problems,
  place: Place,
  shape: S,
): KeysOf<S> | undefined {
  return isNothing(raw) ? undefined : readKeys(raw, path, problems, { place, shape });
}
