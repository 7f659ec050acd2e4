import type { Command } from 'commander';
import type { Event } from '../../../schemas/index.ts';
import type { Client } from '../../client.ts';
import type { StreamItem } from '../../event-stream.ts';
import type { Cli } from '../context.ts';
import { wholeNumber } from '../key-values.ts';
import type { Output } from '../output.ts';
import { oneLine } from '../text.ts';

interface Options {
  follow?: boolean;
  after?: string;
  type?: string[];
  session?: string;
  limit?: number;
}

interface Filter {
  types?: string[];
  subject?: { sessionId: string };
}

export function register(program: Command, cli: Cli): void {
  program
    .command('events')
    .description('print what happened, oldest first; with --json one event a line')
    .option('-f, --follow', 'go on with what happens from now on')
    .option('--after <cursor>', 'only what came after this cursor')
    .option('-t, --type <glob...>', 'only types like session.* or step.finished')
    .option('-s, --session <session>', 'only those of one session: id or slug')
    .option('-n, --limit <count>', 'stop after this many', wholeNumber('--limit', 1))
    .action((options: Options) => events(cli, options));
}

async function events(cli: Cli, options: Options): Promise<void> {
  const client = await cli.connect();
  const filter = await filterOf(client, options);
  if (options.follow) await follow(cli.out, client, filter, options);
  else await list(cli.out, client, filter, options);
}

async function filterOf(client: Client, { type, session }: Options): Promise<Filter> {
  const types = type?.flatMap((word) => word.split(','));
  return {
    ...(types === undefined ? {} : { types }),
    ...(session === undefined ? {} : { subject: { sessionId: (await client.session.get({ id: session })).id } }),
  };
}

async function follow(out: Output, client: Client, filter: Filter, { after, limit = Number.POSITIVE_INFINITY }: Options): Promise<void> {
  let left = limit;
  for await (const item of client.events({ ...filter, ...(after === undefined ? {} : { after }) })) {
    if (item.type === 'stream.resumed') continue;
    print(out, item);
    left -= 1;
    if (left <= 0) return;
  }
}

async function list(out: Output, client: Client, filter: Filter, options: Options): Promise<void> {
  let { after, limit: left = Number.POSITIVE_INFINITY } = options;
  for (;;) {
    const page = await client.event.list({ ...filter, limit: Math.min(200, left), ...(after === undefined ? {} : { after }) });
    if (page.fresh && after !== undefined) print(out, { type: 'stream.fresh', cursor: page.cursor });
    const epoch = page.cursor.slice(0, page.cursor.indexOf(':'));
    for (const event of page.events) print(out, { ...event, cursor: `${epoch}:${event.seq}` });
    left -= page.events.length;
    if (!page.more || left <= 0 || page.cursor === after) return;
    after = page.cursor;
  }
}

function print(out: Output, item: StreamItem | (Event & { cursor: string })): void {
  if (out.json) {
    out.document(item);
    return;
  }
  if (!('subject' in item)) {
    const { type, ...rest } = item;
    out.line(`${out.paint(type, 'yellow')} ${JSON.stringify(rest)}`);
    return;
  }
  const { seq = '-', at, type, subject, actor, data } = item;
  const about = Object.values(subject).join(' ');
  const text = `${JSON.stringify(data)} ${actor}`;
  out.line(`${out.paint(`${seq} ${at}`, 'dim')} ${out.paint(type, 'bold')} ${about} ${out.paint(oneLine(text), 'dim')}`);
}
