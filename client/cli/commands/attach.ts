import type { Command } from 'commander';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('attach')
    .description('watch and use the terminal of a session')
    .argument('[session]', 'id or slug of a session, or id or name of a terminal; without one, live terminals are shown to pick from')
    .action((ref: string | undefined) => attach(cli, ref));
}

async function attach(cli: Cli, named: string | undefined): Promise<void> {
  const client = await cli.connect();
  const ref = named ?? (await (await import('../pick-terminal.ts')).pickTerminal(cli, client));
  if (ref === undefined) return;
  if (cli.out.json) return cli.out.document(await client.session.attach({ id: ref }));
  const { attachTo } = await import('../attach-to.ts');
  return attachTo(cli, client, ref);
}
