import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { environmentFor } from '../start-session.ts';
import { watchSession } from '../watch-session.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('retry')
    .description('start a session that did not succeed again, as a new one, with the environment of this shell')
    .argument('<session>', 'id or slug')
    .option('-d, --detach', 'print the id of the new session and do not wait')
    .action((id: string, options: { detach?: boolean }) => retry(cli, id, options.detach ?? false));
}

async function retry(cli: Cli, id: string, detach: boolean): Promise<void> {
  const client = await cli.connect();
  const { cursor } = client.hello;
  const session = await client.session.retry({ id, environment: environmentFor(cli.env) });
  if (!detach) return watchSession(cli, client, session, cursor);
  if (cli.out.json) cli.out.document(session);
  else cli.out.line(session.id);
}
