import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Project } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';

export function register(program: Command, cli: Cli): void {
  const project = program.command('project').description('the repositories the daemon knows');
  project
    .command('add')
    .description('register a repository; one that is known is shown as it is')
    .argument('[path]', 'any path inside it', '.')
    .option('-n, --name <name>', 'what to call it; default: the name of its directory')
    .action((path: string, options: { name?: string }) => add(cli, path, options));
  project
    .command('list')
    .description('list registered repositories')
    .action(() => list(cli));
  project
    .command('rm')
    .description('forget a project that has no live session or worktree; no file is touched')
    .argument('<project>', 'id, name or path')
    .action((ref: string) => remove(cli, ref));
}

async function add(cli: Cli, path: string, options: { name?: string }): Promise<void> {
  const client = await cli.connect();
  const project = await client.project.add({ path: resolve(cli.cwd, path), ...options });
  if (cli.out.json) cli.out.document(project);
  else cli.out.line(`${project.name} ${project.id} ${project.path}`);
}

async function list(cli: Cli): Promise<void> {
  const client = await cli.connect();
  const projects: Project[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.project.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    projects.push(...page.projects);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (cli.out.json) return cli.out.document({ projects });
  cli.out.table(
    ['PROJECT', 'ID', 'BRANCH', 'PATH'],
    projects.map((project) => [project.name, project.id, project.defaultBranch, project.path]),
  );
}

async function remove(cli: Cli, ref: string): Promise<void> {
  const client = await cli.connect();
  const project = /^\.\.?(\/|$)/.test(ref) ? resolve(cli.cwd, ref) : ref;
  const result = await client.project.remove({ project });
  if (cli.out.json) cli.out.document(result);
  else cli.out.line(`${ref} forgotten; its files are untouched`);
}
