import type { Command } from 'commander';
import type { Schedule } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { parseKeyValues } from '../key-values.ts';
import { watchSession } from '../watch-session.ts';

interface CreateOptions {
  timezone?: string;
  queue?: boolean;
  project?: string;
}

export function register(program: Command, cli: Cli): void {
  const schedule = program.command('schedule').description('commands that run at certain times, with the environment of the daemon');
  schedule
    .command('list')
    .description('list schedules, those of command files too')
    .option('-p, --project <project>', 'only those of one project: id, name or path')
    .action((options: { project?: string }) => list(cli, options.project));
  schedule
    .command('create')
    .description('run a command at the times of a cron expression')
    .argument('<cron>', 'like "0 3 * * *"')
    .argument('<command>', 'its name')
    .argument('[key=value...]', 'arguments of the command')
    .option('-t, --timezone <zone>', "like Europe/Berlin; default: the daemon's own")
    .option('-q, --queue', 'when the one before still runs, wait for its end instead of leaving this time out')
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((cron: string, command: string, words: string[], options: CreateOptions) => create(cli, cron, command, words, options));
  schedule
    .command('rm')
    .description('end a schedule; one of a command file goes with its line there')
    .argument('<schedule>', 'id')
    .action(async (id: string) => {
      const client = await cli.connect();
      const result = await client.schedule.remove({ id });
      if (cli.out.json) cli.out.document(result);
      else cli.out.line(`${id} removed`);
    });
  schedule
    .command('run')
    .description('start the session of a schedule now, and wait for its end')
    .argument('<schedule>', 'id')
    .option('-d, --detach', 'print the id of the session and do not wait')
    .action((id: string, options: { detach?: boolean }) => run(cli, id, options.detach ?? false));
}

async function list(cli: Cli, project: string | undefined): Promise<void> {
  const client = await cli.connect();
  const schedules: Schedule[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.schedule.list({
      limit: 200,
      ...(project === undefined ? {} : { project }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    schedules.push(...page.schedules);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (cli.out.json) return cli.out.document({ schedules });
  cli.out.table(
    ['COMMAND', 'CRON', 'ZONE', 'NEXT', 'LAST', 'MISSED', 'SOURCE', 'ID'],
    schedules.map(({ commandName, cron, timezone, nextAt, lastAt, missed, source, id }) => [
      ...[commandName, cron, timezone, nextAt, lastAt, missed, source, id],
    ]),
  );
}

async function create(cli: Cli, cron: string, command: string, words: readonly string[], options: CreateOptions): Promise<void> {
  const given = parseKeyValues(words);
  const client = await cli.connect();
  const schedule = await client.schedule.create({
    project: await projectOf(cli, client, options.project),
    command,
    cron,
    arguments: given,
    overlap: options.queue ? 'queue' : 'skip',
    ...(options.timezone === undefined ? {} : { timezone: options.timezone }),
  });
  if (cli.out.json) cli.out.document(schedule);
  else cli.out.line(schedule.id);
}

async function run(cli: Cli, id: string, detach: boolean): Promise<void> {
  const client = await cli.connect();
  const { cursor } = client.hello;
  const session = await client.schedule.runNow({ id });
  if (!detach) return watchSession(cli, client, session, cursor);
  if (cli.out.json) cli.out.document(session);
  else cli.out.line(session.id);
}
