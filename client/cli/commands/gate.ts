import { join } from 'node:path';
import type { Command } from 'commander';
import type { Group } from '../../../schemas/index.ts';
import type { Client } from '../../client.ts';
import { type Cli, projectOf } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { readText } from '../read-input.ts';
import { environmentFor } from '../start-session.ts';
import { printable } from '../text.ts';
import { watchGroup } from '../watch-group.ts';

interface RunOptions {
  prompt: string;
  detach?: boolean;
  project?: string;
}

export function register(program: Command, cli: Cli): void {
  const gate = program.command('gate').description('agents that are asked the same thing, as the configuration names them');
  gate
    .command('list')
    .description('list gates')
    .action(() => list(cli));
  gate
    .command('show')
    .description('show one gate, and whom it would ask')
    .argument('<gate>', 'its name')
    .action((name: string) => show(cli, name));
  gate
    .command('run')
    .description('ask all agents of a gate and wait: 0 all or enough succeeded, 1 failed, 124 timeout, 130 cancelled')
    .argument('<gate>', 'its name')
    .requiredOption('--prompt <file>', 'what to ask; "-" reads it from stdin')
    .option('-d, --detach', 'print the id of the group and do not wait')
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((name: string, options: RunOptions) => run(cli, name, options));
}

async function list(cli: Cli): Promise<void> {
  const client = await cli.connect();
  const gates = await everyPage((page) => client.gate.list(page), 'gates');
  if (cli.out.json) return cli.out.document({ gates });
  cli.out.table(
    ['GATE', 'REQUIRED', 'TIMEOUT', 'MEMBERS'],
    gates.map(({ name, required, timeoutMs, members }) => [
      ...[name, `${required} of ${members.length}`, `${timeoutMs / 1000}s`],
      members.map((each) => (each.problem === undefined ? each.name : `${each.name} (!)`)).join(', '),
    ]),
  );
}

async function show(cli: Cli, name: string): Promise<void> {
  const gate = await (await cli.connect()).gate.get({ name });
  const { out } = cli;
  if (out.json) return out.document(gate);
  out.line(`${printable(gate.name)}: ${gate.required} of ${gate.members.length} within ${gate.timeoutMs / 1000}s`);
  out.table(
    ['MEMBER', 'AGENT', 'PROBLEM'],
    gate.members.map(({ name, agent, problem }) => [name, agent, problem]),
  );
}

async function run(cli: Cli, name: string, { prompt: file, detach, project }: RunOptions): Promise<void> {
  const prompt = await readText(file, cli);
  const client = await cli.connect();
  // From before the start, so that no event of the group is missed.
  const { cursor } = client.hello;
  const environment = environmentFor(cli.env);
  const group = await client.gate.run({ name, project: await projectOf(cli, client, project), prompt, environment });
  if (!detach) return watchGroup(cli, client, group, { after: cursor, told: (ended) => tellAnswers(cli, client, ended) });
  if (cli.out.json) cli.out.document(group);
  else cli.out.line(group.id);
}

/** Where the answers are. */
async function tellAnswers(cli: Cli, client: Client, group: Group): Promise<void> {
  const rows: string[][] = [];
  for (const { agent = '', sessionId, status } of group.members) {
    if (status !== 'succeeded') continue;
    const { artifactDir } = await client.session.get({ id: sessionId });
    const { artifacts } = await client.artifact.list({ session: sessionId, kind: 'output', limit: 200 });
    rows.push(...artifacts.map(({ path }) => [agent, join(artifactDir, path)]));
  }
  cli.out.table(['AGENT', 'ANSWER'], rows);
}
