// The failure that a call or a tool ends with.
import { expect } from 'vitest';
import type { ErrorKind, Failure } from '../../schemas/errors.ts';

/** After a look at its kind. */
export async function failureOf(promise: Promise<unknown>, kind: ErrorKind): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'Failure', kind });
  return error as Failure;
}

/** What the failure says beyond its sentence. */
export async function detailsOf(promise: Promise<unknown>, kind: ErrorKind): Promise<Readonly<Record<string, unknown>>> {
  return (await failureOf(promise, kind)).details ?? {};
}
