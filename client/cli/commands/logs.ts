import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';

interface Options {
  follow?: boolean;
  step?: number;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('logs')
    .description('print the output of a session, step after step, byte for byte')
    .argument('<session>', 'id or slug')
    .option('-f, --follow', 'go on until the session has ended')
    .option('-s, --step <index>', 'only one step; show lists them', wholeNumber('--step', 0))
    .action((id: string, options: Options) => logs(cli, id, options));
}

async function logs(cli: Cli, id: string, { follow = false, step }: Options): Promise<void> {
  const client = await cli.connect();
  const { LogReader, followLogs } = await import('../log-reader.ts');
  const session = await client.session.get({ id });
  const reader = new LogReader(client, cli.out, { sessionId: session.id, step });
  if (follow) await followLogs(client, reader, session);
  else await reader.read(session.stepRuns, { toTheEnd: true });
}
