import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { parseKeyValues } from '../key-values.ts';
import { startSession } from '../start-session.ts';
import { watchSession } from '../watch-session.ts';

interface Options {
  detach?: boolean;
  project?: string;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('run')
    .description('run a command and wait: 0 succeeded, 1 failed or lost, 124 timeout, 130 cancelled')
    .argument('<command>', 'its name')
    .argument('[key=value...]', 'arguments of the command')
    .option('-d, --detach', 'print the id of the session and do not wait')
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((command: string, words: string[], options: Options) => run(cli, command, words, options));
}

async function run(cli: Cli, command: string, words: readonly string[], options: Options): Promise<void> {
  const given = parseKeyValues(words);
  const client = await cli.connect();
  // From before the start, so that no event of the session is missed.
  const { cursor } = client.hello;
  const session = await startSession(cli, client, { command, arguments: given, project: options.project });
  const { out } = cli;
  if (options.detach) return out.json ? out.document(session) : out.line(session.id);
  await watchSession(cli, client, session, cursor);
}
