import type { Command } from 'commander';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('send')
    .description('type text into the terminal of a session')
    .argument('<session>', 'id or slug')
    .argument('<text...>', 'the text; "-" reads it from stdin')
    .option('--no-enter', 'do not press Enter after it')
    .action((id: string, words: string[], options: { enter: boolean }) => send(cli, id, words, options.enter));
  program
    .command('cancel')
    .description('end sessions: their processes are stopped and their cleanup runs')
    .argument('<session...>', 'ids or slugs')
    .option('-r, --reason <text>', 'why, for the record')
    .action((ids: string[], options: { reason?: string }) => cancel(cli, ids, options.reason));
  program
    .command('rm')
    .description('delete ended sessions with their artifacts; a worktree goes only when nothing is lost with it')
    .argument('<session...>', 'ids or slugs')
    .option('-c, --cancel', 'cancel a session that still runs, first')
    .option('-k, --keep-worktree', 'leave the worktree where it is')
    .action((ids: string[], options: RemoveOptions) => remove(cli, ids, options));
}

async function send(cli: Cli, id: string, words: readonly string[], enter: boolean): Promise<void> {
  const { readAll } = await import('../read-input.ts');
  const text = words.length === 1 && words[0] === '-' ? await readAll(cli.stdin) : words.join(' ');
  const client = await cli.connect();
  const result = await client.session.send({ id, text, enter });
  if (cli.out.json) cli.out.document(result);
}

async function cancel(cli: Cli, ids: readonly string[], reason: string | undefined): Promise<void> {
  const client = await cli.connect();
  const sessions = [];
  for (const id of ids) sessions.push(await client.session.cancel({ id, ...(reason === undefined ? {} : { reason }) }));
  if (cli.out.json) cli.out.document({ sessions });
  else
    for (const session of sessions) cli.out.line(`${session.slug} ${session.status === 'cancelled' ? 'cancelled' : 'is being cancelled'}`);
}

interface RemoveOptions {
  cancel?: boolean;
  keepWorktree?: boolean;
}

async function remove(cli: Cli, ids: readonly string[], options: RemoveOptions): Promise<void> {
  const client = await cli.connect();
  for (const id of ids) {
    await client.session.remove({
      id,
      cancel: options.cancel ?? false,
      keepWorktree: options.keepWorktree ?? false,
      callerDirectory: cli.cwd,
    });
    if (!cli.out.json) cli.out.line(`${id} removed`);
  }
  if (cli.out.json) cli.out.document({ removed: ids });
}
