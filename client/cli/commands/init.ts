import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../../../schemas/errors.ts';
import { isRpcClientError } from '../../client-error.ts';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('init')
    .description('write an example command and configuration into this repository; nothing of yours is overwritten')
    .action(() => init(cli));
}

async function init(cli: Cli): Promise<void> {
  const root = repositoryOf(cli.cwd);
  const path = join(root, '.coppice', 'commands', 'example.yaml');
  const configPath = join(root, '.coppice', 'config.toml');
  const { exampleCommand } = await import('../example-command.ts');
  const { exampleConfig, projectSchema } = await import('../project-config.ts');
  await mkdir(dirname(path), { recursive: true });
  const written = await writeNew(path, exampleCommand);
  const configWritten = await writeNew(configPath, exampleConfig);
  // Ours, like the schema it is cut from: a newer coppice knows more keys.
  await writeFile(join(root, '.coppice', 'config.schema.json'), projectSchema());
  const project = await registerProject(cli, root);
  if (cli.out.json) return cli.out.document({ path, written, configPath, configWritten, ...(project === undefined ? {} : { project }) });
  cli.out.line(written ? `Wrote ${path}; try "coppice run example".` : `${path} is there already and was left as it is.`);
  cli.out.line(configWritten ? `Wrote ${configPath}.` : `${configPath} is there already and was left as it is.`);
  if (project !== undefined) cli.out.line(`The repository is registered as "${project.name}".`);
}

function repositoryOf(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) throw new Failure('PRECONDITION', `"${cwd}" is in no git repository; run "git init" first.`);
  }
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The files are what was asked for; without a daemon the first other command registers the repository. */
async function registerProject(cli: Cli, path: string): Promise<{ id: string; name: string } | undefined> {
  try {
    const client = await cli.connect();
    const { id, name } = await client.project.add({ path });
    return { id, name };
  } catch (error) {
    if (!isRpcClientError(error)) throw error;
    return undefined;
  }
}
