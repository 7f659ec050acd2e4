import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { wholeNumber } from '../key-values.ts';
import { readAll } from '../read-input.ts';
import { inProjectOption, taskRef } from '../task-ref.ts';
import { age, printable } from '../text.ts';

interface Options {
  task?: string;
  project?: string;
  ifVersion?: number;
}

const taskOption = ['-t, --task <task>', 'spec task: id or number; default: the one this runs in'] as const;

export function register(program: Command, cli: Cli): void {
  const state = program.command('state').description('values that the work sessions of a spec task share');
  state
    .command('get')
    .description('print one value')
    .argument('<key>')
    .option(...taskOption)
    .option(...inProjectOption)
    .action((key: string, options: Options) => get(cli, key, options));
  state
    .command('set')
    .description('write one value')
    .argument('<key>')
    .argument('<value>', 'JSON; what is none is taken as text; "-" reads it from stdin')
    .option('--if-version <n>', 'only over this version; 0: only when there is none', wholeNumber('--if-version', 0))
    .option(...taskOption)
    .option(...inProjectOption)
    .action((key: string, value: string, options: Options) => set(cli, key, value, options));
  state
    .command('list')
    .description('list the shared values by key')
    .option(...taskOption)
    .option(...inProjectOption)
    .action((options: Options) => list(cli, options));
  state
    .command('delete')
    .description('remove one value')
    .argument('<key>')
    .option('--if-version <n>', 'only this version', wholeNumber('--if-version', 1))
    .option(...taskOption)
    .option(...inProjectOption)
    .action((key: string, options: Options) => remove(cli, key, options));
}

async function get(cli: Cli, key: string, options: Options): Promise<void> {
  const request = { ...ownerOf(cli, options), key };
  const entry = await (await cli.connect()).sharedState.get(request);
  if (cli.out.json) cli.out.document(entry);
  else cli.out.line(textOf(entry.value));
}

async function set(cli: Cli, key: string, word: string, options: Options): Promise<void> {
  const value = valueIn(word === '-' ? await readAll(cli.stdin) : word);
  const request = { ...ownerOf(cli, options), key, value };
  const entry = await (await cli.connect()).sharedState.set(request);
  if (cli.out.json) cli.out.document(entry);
  else cli.out.line(`${printable(key)} is of version ${entry.version}`);
}

async function list(cli: Cli, options: Options): Promise<void> {
  const request = ownerOf(cli, options);
  const client = await cli.connect();
  const entries = await everyPage((page) => client.sharedState.list({ ...page, ...request }), 'entries');
  const { out } = cli;
  if (out.json) return out.document({ entries });
  const now = Date.now();
  out.table(
    ['KEY', 'VERSION', 'AGE', 'BY', 'VALUE'],
    entries.map(({ key, version, updatedAt, updatedBy, value }) => [
      ...[key, version, out.terminal ? age(updatedAt, now) : updatedAt, updatedBy],
      textOf(value),
    ]),
  );
}

async function remove(cli: Cli, key: string, options: Options): Promise<void> {
  const request = { ...ownerOf(cli, options), key };
  const result = await (await cli.connect()).sharedState.delete(request);
  if (cli.out.json) cli.out.document(result);
  else cli.out.line(`${printable(key)} removed`);
}

function ownerOf(cli: Cli, { task, project, ifVersion }: Options) {
  const { id, ...inProject } = taskRef(cli, task, project);
  return { specTask: id, ...inProject, ...(ifVersion === undefined ? {} : { ifVersion }) };
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** JSON has no control characters, so a text that has some shows them as escapes. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? printable(value) : JSON.stringify(value);
}
