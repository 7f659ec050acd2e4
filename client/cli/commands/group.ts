import type { Command } from 'commander';
import type { ParamsOf } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { UsageError } from '../exit-codes.ts';
import { parseKeyValues, seconds, wholeNumber } from '../key-values.ts';
import { statusCell } from '../output.ts';
import { environmentFor } from '../start-session.ts';
import { elapsed, printable } from '../text.ts';
import { watchGroup } from '../watch-group.ts';

interface StartOptions {
  quorum?: number;
  first?: boolean;
  failFast?: boolean;
  timeout?: number;
  detach?: boolean;
  project?: string;
}

interface ListOptions {
  project?: string;
  running?: boolean;
}

const id = ['<group>', 'id'] as const;
const detach = ['-d, --detach', 'print the id of the group and do not wait'] as const;

export function register(program: Command, cli: Cli): void {
  const group = program.command('group').description('sessions that end together');
  group
    .command('start')
    .description('start several commands and wait: 0 all or enough succeeded, 1 failed, 124 timeout, 130 cancelled')
    .argument('<member...>', 'command and key=value..., members parted by +, like: build target=web + build target=api + lint')
    .option('-q, --quorum <n>', 'so many must succeed; default: all', wholeNumber('--quorum', 1))
    .option('--first', 'the first success is enough and ends the others')
    .option('--fail-fast', 'the first failure ends the others')
    .option('-t, --timeout <seconds>', 'what still runs after that is ended', seconds('--timeout'))
    .option(...detach)
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((words: string[], options: StartOptions) => start(cli, words, options));
  group
    .command('list')
    .description('list groups, newest first')
    .option('-p, --project <project>', 'only those of one project: id, name or path')
    .option('-r, --running', 'only those that run')
    .action((options: ListOptions) => list(cli, options));
  group
    .command('show')
    .description('show one group and its members')
    .argument(...id)
    .action((ref: string) => show(cli, ref));
  group
    .command('retry')
    .description('start the members that did not succeed again, with the environment of this shell, and wait')
    .argument(...id)
    .option(...detach)
    .action((ref: string, options: { detach?: boolean }) => retry(cli, ref, options.detach ?? false));
  group
    .command('cancel')
    .description('end all members of a group')
    .argument(...id)
    .option('-r, --reason <text>', 'why, for the record')
    .action((ref: string, options: { reason?: string }) => cancel(cli, ref, options));
}

async function start(cli: Cli, words: readonly string[], options: StartOptions): Promise<void> {
  const members = membersOf(words);
  if (options.first && options.quorum !== undefined) throw new UsageError('Either --first or --quorum: the first is a quorum of its own.');
  const client = await cli.connect();
  // From before the start, so that no event of the group is missed.
  const { cursor } = client.hello;
  const group = await client.group.start({
    ...{ project: await projectOf(cli, client, options.project), members, environment: environmentFor(cli.env) },
    kind: options.first ? 'first' : options.quorum === undefined ? 'all' : 'quorum',
    failFast: options.failFast ?? false,
    ...(options.quorum === undefined ? {} : { required: options.quorum }),
    ...(options.timeout === undefined ? {} : { timeoutMs: Math.ceil(options.timeout * 1000) }),
  });
  if (!options.detach) return watchGroup(cli, client, group, { after: cursor });
  if (cli.out.json) cli.out.document(group);
  else cli.out.line(group.id);
}

/** `build n=1 + lint`: members by the plus signs between them. A command can not be called so, and an argument has a `=`. */
export function membersOf(words: readonly string[]): ParamsOf<'group.start'>['members'] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word === '+') parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.map(([command, ...rest]) => {
    if (command === undefined || command.includes('=')) {
      throw new UsageError('A member begins with the name of its command; write members like: build target=web + lint.');
    }
    return { command, arguments: parseKeyValues(rest) };
  });
}

async function list(cli: Cli, { project, running }: ListOptions): Promise<void> {
  const client = await cli.connect();
  const filter = { ...(project === undefined ? {} : { project }), ...(running ? { status: ['running' as const] } : {}) };
  const groups = await everyPage((page) => client.group.list({ ...filter, ...page }), 'groups');
  if (cli.out.json) return cli.out.document({ groups });
  const now = Date.now();
  cli.out.table(
    ['ID', 'KIND', 'STATUS', 'SUCCEEDED', 'REQUIRED', 'MEMBERS', 'TIME', 'GATE', 'REASON'],
    groups.map((group) => [
      ...[group.id, group.kind, statusCell(group.status), group.succeeded, group.required, group.members.length],
      ...[elapsed(group.createdAt, group.endedAt, now), group.gate, group.reason],
    ]),
  );
}

async function show(cli: Cli, ref: string): Promise<void> {
  const group = await (await cli.connect()).group.get({ id: ref });
  const { out } = cli;
  if (out.json) return out.document(group);
  const reason = group.reason === undefined || group.reason === group.status ? '' : ` (${group.reason})`;
  const facts: [string, string | undefined][] = [
    ['group', `${group.id} (${group.kind}${group.failFast ? ', fail-fast' : ''})`],
    ['gate', group.gate],
    ['status', `${group.status}${reason}`],
    ['succeeded', `${group.succeeded} of ${group.members.length}, ${group.required} required`],
    ['created', group.createdAt],
    ['deadline', group.deadlineAt],
    ['ended', group.endedAt],
  ];
  for (const [name, value] of facts) if (value !== undefined) out.line(`${out.paint(name.padEnd(10), 'dim')} ${printable(value)}`);
  out.line('');
  out.table(
    ['MEMBER', 'SESSION', 'COMMAND', 'AGENT', 'STATUS', 'ATTEMPT', 'QUEUE', 'ID', 'REASON'],
    group.members.map((each) => [
      ...[each.member, each.slug, each.commandName, each.agent, statusCell(each.status), each.attempt, each.queuePosition],
      ...[each.sessionId, each.reason],
    ]),
  );
}

async function retry(cli: Cli, ref: string, isDetached: boolean): Promise<void> {
  const client = await cli.connect();
  const { cursor } = client.hello;
  const group = await client.group.retry({ id: ref, environment: environmentFor(cli.env) });
  if (!isDetached) return watchGroup(cli, client, group, { after: cursor });
  if (cli.out.json) cli.out.document(group);
  else cli.out.line(group.id);
}

async function cancel(cli: Cli, ref: string, options: { reason?: string }): Promise<void> {
  const client = await cli.connect();
  const group = await client.group.cancel({ id: ref, ...options });
  if (cli.out.json) cli.out.document(group);
  else cli.out.line(`${group.id} is being cancelled`);
}
