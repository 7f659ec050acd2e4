import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { orUnavailable, reachableSocket } from '../reach-daemon.ts';
import { environmentFor } from '../start-session.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('acp')
    .description('be an agent for an editor: the Agent Client Protocol on stdin and stdout, served by the daemon')
    .option('--session <id>', 'show this work session, whatever folder the editor has open')
    .action((options: { session?: string }) => acp(cli, options.session));
}

async function acp(cli: Cli, session: string | undefined): Promise<void> {
  const [{ relay }, { openAcp }] = await Promise.all([import('../../bridges/stdio.ts'), import('../../bridges/acp.ts')]);
  const upgrade = { cwd: cli.cwd, environment: environmentFor(cli.env), ...(session === undefined ? {} : { workSessionId: session }) };
  const path = await orUnavailable(cli, () => reachableSocket(cli));
  if (path === undefined) return;
  const { socket, rest } = await openAcp(path, cli.env.COPPICE_TOKEN || undefined, upgrade);
  if (rest.length > 0) cli.stdout.write(rest);
  if ((await relay(socket, cli.stdin, cli.stdout)) === 'program') return;
  cli.out.note('coppice: The connection to the daemon is over; what its agents do goes on. Open the thread again to see it.');
  cli.exitWith(exitCodes.relayUnavailable);
}
