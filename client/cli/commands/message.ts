import type { Command } from 'commander';
import type { Message, ParamsOf } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../key-values.ts';
import { choice, collect } from '../options.ts';
import { readAll, readJson } from '../read-input.ts';
import { inProjectOption, taskRef, workRef } from '../task-ref.ts';
import { age, printable } from '../text.ts';

type SentType = ParamsOf<'coordination.send'>['type'];

const sentTypes: readonly SentType[] = ['handoff', 'blocking', 'notification', 'request', 'response', 'broadcast'];
const messageTypes: readonly Message['type'][] = [...sentTypes, 'completion', 'spawn'];

interface TaskOptions {
  task?: string;
  project?: string;
}

interface SendOptions extends TaskOptions {
  to?: string[];
  type?: SentType;
  replyTo?: string;
  from?: string;
  data?: string;
  expires?: number;
}

interface ListOptions extends TaskOptions {
  type?: Message['type'];
  open?: boolean;
}

const taskOption = ['-t, --task <task>', 'spec task: id or number; default: the one this runs in'] as const;
const workOption = ['-w, --work-session <work-session>', 'whose; default: the one this runs in'] as const;

export function register(program: Command, cli: Cli): void {
  const message = program.command('message').description('what the work sessions of a spec task tell each other');
  message
    .command('send')
    .description('send a message; a response with --reply-to, a notification with --to, else a broadcast')
    .argument('<text>', '"-" reads it from stdin')
    .option('--to <work-session>', 'label in the plan, name or id; again for more of them', collect)
    .option('--type <type>', `${sentTypes.join(', ')}; a blocking one blocks its sender until the answer`, choice('--type', sentTypes))
    .option('--reply-to <message>', 'the message that it answers')
    .option('--from <work-session>', 'who says it; default: the one this runs in, or a human')
    .option('--data <json>', 'an object that goes with it; @file and "-" read it')
    .option('--expires <seconds>', 'nobody needs it after that', wholeNumber('--expires', 1))
    .option(...taskOption)
    .option(...inProjectOption)
    .action((text: string, options: SendOptions) => send(cli, text, options));
  message
    .command('list')
    .description('list the messages of a spec task, newest first')
    .option('--type <type>', messageTypes.join(', '), choice('--type', messageTypes))
    .option('--open', 'only those that somebody has not acknowledged')
    .option(...taskOption)
    .option(...inProjectOption)
    .action((options: ListOptions) => list(cli, options));
  message
    .command('inbox')
    .description('print what waits for a work session, oldest first, and mark it as delivered')
    .option(...workOption)
    .action((options: { workSession?: string }) => inbox(cli, options));
  message
    .command('ack')
    .description('acknowledge messages for one recipient')
    .argument('<message...>', 'their ids')
    .option(...workOption)
    .action((ids: string[], options: { workSession?: string }) => ack(cli, ids, options));
  message
    .command('summary')
    .description('count the messages of a spec task, and tell who waits for whom')
    .option(...taskOption)
    .option(...inProjectOption)
    .action((options: TaskOptions) => summary(cli, options));
}

async function send(cli: Cli, word: string, { to = [], type, replyTo, from, data, expires, task, project }: SendOptions): Promise<void> {
  const body = word === '-' ? (await readAll(cli.stdin)).trimEnd() : word;
  const value = data === undefined ? {} : await readJson(data, cli.stdin);
  if (!isObject(value)) throw new UsageError('--data takes a JSON object, like {"port": 8080}.');
  const usual = to.length > 0 ? 'notification' : 'broadcast';
  const { id: specTask, ...inProject } = task === undefined ? { id: undefined } : taskRef(cli, task, project);
  const client = await cli.connect();
  const sent = await client.coordination.send({
    ...{ type: type ?? (replyTo === undefined ? usual : 'response'), to, body, data: value },
    ...(replyTo === undefined ? {} : { inReplyTo: replyTo }),
    ...(from === undefined ? {} : { from }),
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
    ...(specTask === undefined ? {} : { specTask, ...inProject }),
  });
  if (cli.out.json) cli.out.document(sent);
  else cli.out.line(sent.id);
}

async function list(cli: Cli, { type, open, task, project }: ListOptions): Promise<void> {
  const { id, ...inProject } = taskRef(cli, task, project);
  const client = await cli.connect();
  const wanted = { specTask: id, ...inProject, ...(type === undefined ? {} : { type }), ...(open ? { open } : {}) };
  const messages = await everyPage((page) => client.coordination.list({ ...page, ...wanted }), 'messages');
  const { out } = cli;
  if (out.json) return out.document({ messages });
  const now = Date.now();
  out.table(
    ['ID', 'TYPE', 'AGE', 'FROM', 'DELIVERIES', 'TEXT'],
    messages.map(({ id: messageId, type: kind, createdAt, senderId, deliveries, body }) => [
      ...[messageId, kind, out.terminal ? age(createdAt, now) : createdAt, senderId],
      deliveries.map(({ status }) => status).join(','),
      body,
    ]),
  );
}

async function inbox(cli: Cli, { workSession }: { workSession?: string }): Promise<void> {
  const own = workRef(cli, workSession);
  const client = await cli.connect();
  const { messages } = await client.coordination.inbox({ workSession: own, limit: 200 });
  const { out } = cli;
  if (out.json) return out.document({ messages });
  for (const { id, type, senderId = 'a human or the daemon', inReplyTo, body, data } of messages) {
    out.line(out.paint(`${id} ${type} from ${senderId}${inReplyTo === undefined ? '' : `, about ${inReplyTo}`}`, 'bold'));
    for (const line of body.split('\n')) out.line(`  ${printable(line)}`);
    if (Object.keys(data).length > 0) out.line(`  ${printable(JSON.stringify(data))}`);
  }
}

async function ack(cli: Cli, ids: readonly string[], { workSession }: { workSession?: string }): Promise<void> {
  const own = workRef(cli, workSession);
  const client = await cli.connect();
  for (const id of ids) {
    const message = await client.coordination.ack({ id, workSession: own });
    if (cli.out.json) cli.out.document(message);
    else cli.out.line(`${id} acknowledged`);
  }
}

async function summary(cli: Cli, { task, project }: TaskOptions): Promise<void> {
  const { id, ...inProject } = taskRef(cli, task, project);
  const client = await cli.connect();
  const told = await client.coordination.summary({ specTask: id, ...inProject });
  const { out } = cli;
  if (out.json) return out.document(told);
  out.table(
    ['WHAT', 'COUNT'],
    [...Object.entries(told.byType), ...Object.entries(told.byDelivery)].map(([name, count]) => [name, count]),
  );
  for (const { workSessionId, waitsFor, messageId } of told.waits) out.line(`${workSessionId} waits for ${waitsFor} (${messageId})`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
