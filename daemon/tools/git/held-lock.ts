import { Failure, isFailure } from '../../../schemas/errors.ts';

/** Git tells only in words that another git holds a lock file; here the words become facts of the failure. */
export async function withHeldLock<T>(args: readonly string[], running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    const lockPath = isFailure(error) && error.kind === 'TOOL_FAILED' ? heldLock(String(error.details?.stderrTail ?? '')) : undefined;
    if (!isFailure(error) || lockPath === undefined) throw error;
    throw new Failure(
      'TOOL_FAILED',
      `'git ${args[0]}' found the lock "${lockPath}" taken; wait for the other git, or delete the file when none runs.`,
      { retryable: true, details: { ...error.details, lockPath }, cause: error },
    );
  }
}

/** The path of the lock file as git prints it, with LC_ALL=C. */
export function heldLock(stderr: string): string | undefined {
  const created = /Unable to create '([^'\n]+\.lock)': File exists/.exec(stderr)?.[1];
  const config = /could not lock config file ([^\n]+): File exists/.exec(stderr)?.[1];
  return created ?? (config === undefined ? undefined : `${config}.lock`);
}
