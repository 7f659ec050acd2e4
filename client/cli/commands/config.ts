import { resolve } from 'node:path';
import type { Command } from 'commander';
import { errorTable } from '../../../schemas/errors.ts';
import type { ResultOf } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { formatDiagnostic } from '../format-error.ts';
import { printable } from '../text.ts';
import { type ProjectOption, projectOption, refOf } from '../worktree-ref.ts';

export function register(program: Command, cli: Cli): void {
  const config = program.command('config').description('the configuration of the daemon');
  config
    .command('get')
    .description('show the configuration in force, or a part of it; secrets are masked')
    .argument('[key]', 'like sessions.timeout')
    .option(...projectOption)
    .action((key: string | undefined, options: ProjectOption) => get(cli, key, options));
  config
    .command('explain')
    .description('show a key with what set it, its default, and when a change takes effect')
    .argument('<key>', 'like sessions.timeout')
    .option(...projectOption)
    .action((key: string, options: ProjectOption) => explain(cli, key, options));
  config
    .command('validate')
    .description('check a file, or what the next start would read; also works without a daemon')
    .argument('[file]', '.coppice/config.toml is checked as the file of a project')
    .action((file: string | undefined) => validate(cli, file));
  config
    .command('reload')
    .description('read the configuration files again; a wrong one leaves the old values in force')
    .option('--now', 'also while sessions run, whatever hot_reload.mode says')
    .action((options: { now?: boolean }) => reload(cli, options.now === true));
  config
    .command('schema')
    .description('print the JSON Schema of the file, for editors')
    .action(() => schema(cli));
}

async function get(cli: Cli, key: string | undefined, options: ProjectOption): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  const result = await client.config.get({ ...(key === undefined ? {} : { key }), ...asSeenBy(cli, options) });
  if (out.json) out.document(result);
  else out.line(valueText(result.value));
}

async function explain(cli: Cli, key: string, options: ProjectOption): Promise<void> {
  const { out } = cli;
  const client = await cli.connect();
  const result = await client.config.explain({ key, ...asSeenBy(cli, options) });
  if (out.json) return out.document(result);
  const facts: [string, string][] = [
    ['value', oneLine(result.value)],
    ['set by', setBy(result)],
    ['default', oneLine(result.default)],
    ['variable', result.variable],
    ['changes', effects[result.reload]],
    ['project', result.projectSafe ? 'may set it in .coppice/config.toml' : 'may not set it'],
  ];
  out.line(`${out.paint(result.key, 'bold')}: ${result.description}`);
  for (const [name, text] of facts) out.line(printable(`${out.paint(name.padEnd(9), 'dim')} ${text}`));
}

/** The sessions of a project see its own file too. */
function asSeenBy(cli: Cli, { project }: ProjectOption): ProjectOption {
  return project === undefined ? {} : { project: refOf(cli, project) };
}

const effects: Readonly<Record<ResultOf<'config.explain'>['reload'], string>> = {
  live: 'take effect at once',
  pinned: 'take effect for sessions that start after them',
  restart: 'take effect with the next daemon',
};

const layers: Readonly<Record<ResultOf<'config.explain'>['layer'], string>> = {
  default: 'nothing; it is the default',
  snapshot: 'the last good configuration (safe mode)',
  user: "the user's file",
  project: 'the file of the project',
  environment: 'a variable',
  flag: 'a flag of coppiced',
};

function setBy({ layer, path, line, column }: ResultOf<'config.explain'>): string {
  const where = [path, line, column].filter((part) => part !== undefined).join(':');
  return where === '' ? layers[layer] : `${layers[layer]}: ${where}`;
}

async function validate(cli: Cli, file: string | undefined): Promise<void> {
  const { out } = cli;
  const { checkFile } = await import('../check-config.ts');
  const result = await checkFile(cli, file === undefined ? undefined : resolve(cli.cwd, file));
  if (out.json) out.document(result);
  else {
    for (const place of result.diagnostics) out.line(printable(formatDiagnostic(place)));
    if (result.valid) out.line('The configuration is valid.');
  }
  if (!result.valid) cli.exitWith(errorTable.CONFIG_INVALID.exit);
}

async function reload({ out, connect }: Cli, now: boolean): Promise<void> {
  const client = await connect();
  const result = await client.config.reload({ now });
  if (out.json) return out.document(result);
  const keys = result.changedKeys.join(', ');
  if (result.deferred) out.line(`Waits until no session runs: ${keys}; "coppice config reload --now" does not wait.`);
  else out.line(keys === '' ? 'Nothing changed.' : `Changed: ${keys}.`);
  if (result.restartRequired.length > 0) {
    out.note(`coppice: ${result.restartRequired.join(', ')} takes effect with the next daemon; run "coppice daemon restart".`);
  }
}

async function schema({ out, connect }: Cli): Promise<void> {
  const client = await connect();
  const result = await client.config.schema();
  if (out.json) out.document(result);
  else out.line(JSON.stringify(result, null, 2));
}

function valueText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : String(value);
}

function oneLine(value: unknown): string {
  return value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
