import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { printable } from '../text.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('data')
    .description('the shared data of a session: all of it, one value, or a value to write')
    .argument('<session>', 'id or slug')
    .argument('[key[=value]]', 'a key to print its value; with "=" the value is written, as text')
    .action((id: string, word: string | undefined) => data(cli, id, word));
}

async function data(cli: Cli, id: string, word: string | undefined): Promise<void> {
  const client = await cli.connect();
  const { out } = cli;
  if (word === undefined) {
    const result = await client.session.listData({ id });
    if (out.json) return out.document(result);
    for (const [key, value] of Object.entries(result.data)) out.line(printable(`${key}=${textOf(value)}`));
    return;
  }
  const at = word.indexOf('=');
  if (at < 1) {
    const result = await client.session.getData({ id, key: word });
    if (out.json) out.document(result);
    else out.line(textOf(result.value));
    return;
  }
  const [key, value] = [word.slice(0, at), word.slice(at + 1)];
  await client.session.setData({ id, key, value });
  if (out.json) out.document({ key, value });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
