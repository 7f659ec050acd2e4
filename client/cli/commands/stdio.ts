import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { orUnavailable, reachableSocket } from '../reach-daemon.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('stdio')
    .description('relay stdin and stdout to the daemon byte for byte, for programs that can only spawn')
    .action(() => stdio(cli));
}

async function stdio(cli: Cli): Promise<void> {
  const { openSocket, relay } = await import('../../bridges/stdio.ts');
  const socket = await orUnavailable(cli, async () => openSocket(await reachableSocket(cli)));
  if (socket !== undefined) await relay(socket, cli.stdin, cli.stdout);
}
