import type { Command } from 'commander';
import type { Session } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import { statusCell } from '../output.ts';
import { age, elapsed } from '../text.ts';

interface Options {
  active?: boolean;
  status?: string[];
  project?: string;
  command?: string;
  limit: number;
}

export function register(program: Command, cli: Cli): void {
  program
    .command('ps')
    .description('list sessions, newest first')
    .option('-a, --active', 'only those that have not ended')
    .option('--status <status...>', 'only those in these states')
    .option('-p, --project <project>', 'only those of a project: id, name or path')
    .option('--command <name>', 'only those of one command')
    .option('-n, --limit <count>', 'how many at most', wholeNumber('--limit', 1), 50)
    .action((options: Options) => ps(cli, options));
}

async function ps(cli: Cli, options: Options): Promise<void> {
  const client = await cli.connect();
  const status = [...(options.status ?? []), ...(options.active ? ['active'] : [])];
  const sessions: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.session.list({
      limit: Math.min(200, options.limit - sessions.length),
      ...(cursor === undefined ? {} : { cursor }),
      ...(options.project === undefined ? {} : { project: options.project }),
      ...(options.command === undefined ? {} : { command: options.command }),
      // An unknown status is the daemon's to refuse: it knows more of them than this client.
      ...(status.length === 0 ? {} : { status: status as Session['status'][] }),
    });
    sessions.push(...page.sessions);
    cursor = page.nextCursor;
  } while (cursor !== undefined && sessions.length < options.limit);
  print(cli, sessions);
}

function print({ out }: Cli, sessions: readonly Session[]): void {
  if (out.json) {
    out.document({ sessions });
    return;
  }
  const now = Date.now();
  const when = (time: string | undefined) => (out.terminal ? age(time, now) : time);
  out.table(
    ['SESSION', 'COMMAND', 'STATUS', 'TIME', 'AGE', 'BRANCH', 'ID', 'REASON'],
    sessions.map((session) => [
      session.slug,
      session.commandName,
      statusCell(session.status),
      elapsed(session.startedAt, session.endedAt, now),
      when(session.createdAt),
      session.branch,
      session.id,
      session.reason,
    ]),
  );
}
