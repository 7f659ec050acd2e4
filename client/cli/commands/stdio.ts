import type { Command } from 'commander';
import { isFailure } from '../../../schemas/errors.ts';
import { isRpcClientError } from '../../client-error.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatError } from '../format-error.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('stdio')
    .description('relay stdin and stdout to the daemon byte for byte, for programs that can only spawn')
    .action(() => stdio(cli));
}

async function stdio(cli: Cli): Promise<void> {
  const { openSocket, relay } = await import('../../bridges/stdio.ts');
  let path: string;
  try {
    path = await reachableSocket(cli);
  } catch (error) {
    if (!isRpcClientError(error) && !isFailure(error)) throw error;
    cli.out.note(formatError(error).split('\n', 1)[0] ?? '');
    return cli.exitWith(exitCodes.relayUnavailable);
  }
  await relay(await openSocket(path), cli.stdin, cli.stdout);
}

/** A daemon that answers, started when that is allowed. Whoever speaks through us says hello by himself, in his own version. */
async function reachableSocket(cli: Cli): Promise<string> {
  const client = await cli.connect({ anyProtocol: true });
  const path = client.socketPath;
  await client.close();
  return path;
}
