// For programs that speak to the daemon through us: nothing goes to stdout that is not the daemon's.
import { isFailure } from '../../schemas/errors.ts';
import { isRpcClientError } from '../client-error.ts';
import type { Cli } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { formatError } from './format-error.ts';

/** undefined: told in one line on stderr, with exit status 69. */
export async function orUnavailable<T>(cli: Cli, reach: () => Promise<T>): Promise<T | undefined> {
  try {
    return await reach();
  } catch (error) {
    if (!isRpcClientError(error) && !isFailure(error)) throw error;
    cli.out.note(formatError(error).split('\n', 1)[0] ?? '');
    cli.exitWith(exitCodes.relayUnavailable);
    return undefined;
  }
}

/** A daemon that answers, started when that is allowed. Whoever speaks through us says hello by himself, in his own version. */
export async function reachableSocket(cli: Cli): Promise<string> {
  const client = await cli.connect({ anyProtocol: true });
  const path = client.socketPath;
  await client.close();
  return path;
}
