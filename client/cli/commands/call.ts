import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { UsageError } from '../exit-codes.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('call')
    .description('call any method of the daemon and print its result as JSON')
    .argument('<method>', 'like session.list')
    .argument('[json]', 'the parameters: JSON, @file, or - for stdin', '{}')
    .action((method: string, word: string) => call(cli, method, word));
}

async function call(cli: Cli, method: string, word: string): Promise<void> {
  const { readJson } = await import('../read-input.ts');
  const params = await readJson(word, cli.stdin);
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new UsageError('Parameters are named, so they are a JSON object, like {"id": "…"}.');
  }
  const client = await cli.connect();
  const result = await client.call(method, params as Record<string, unknown>);
  if (cli.out.terminal) cli.out.line(JSON.stringify(result, null, 2));
  else cli.out.document(result);
}
