import type { Command } from 'commander';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  const config = program.command('config').description('the configuration of the daemon');
  config
    .command('get')
    .description('show the configuration in force, or one key of it')
    .argument('[key]', 'like sessions.timeout')
    .action((key: string | undefined) => get(cli, key));
  config
    .command('reload')
    .description('read the configuration files again; a wrong one leaves the old values in force')
    .action(() => reload(cli));
}

async function get({ out, connect }: Cli, key: string | undefined): Promise<void> {
  const client = await connect();
  const result = await client.config.get(key === undefined ? {} : { key });
  if (out.json) out.document(result);
  else out.line(typeof result.value === 'object' ? JSON.stringify(result.value, null, 2) : String(result.value));
}

async function reload({ out, connect }: Cli): Promise<void> {
  const client = await connect();
  const result = await client.config.reload();
  if (out.json) return out.document(result);
  out.line(result.changedKeys.length === 0 ? 'Nothing changed.' : `Changed: ${result.changedKeys.join(', ')}.`);
  if (result.restartRequired.length > 0) {
    out.note(`coppice: ${result.restartRequired.join(', ')} takes effect with the next daemon; run "coppice daemon restart".`);
  }
}
