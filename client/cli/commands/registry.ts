import type { Command } from 'commander';
import type { Agent, Model } from '../../../schemas/index.ts';
import type { Cli } from '../context.ts';
import { everyPage } from '../every-page.ts';
import type { Cell } from '../output.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('agents')
    .description('list the agents of the registry, with what of them is there')
    .argument('[name]', 'only this one, by name or alias')
    .action((name: string | undefined) => agents(cli, name));
  program
    .command('models')
    .description('list the models of the registry')
    .argument('[name]', 'only this one, by name or alias')
    .action((name: string | undefined) => models(cli, name));
}

async function agents({ out, connect }: Cli, name: string | undefined): Promise<void> {
  const client = await connect();
  const found = name === undefined ? await everyPage((page) => client.agent.list(page), 'agents') : [await client.agent.get({ name })];
  if (out.json) return out.document(name === undefined ? { agents: found } : found[0]);
  out.table(
    ['NAME', 'STATE', 'USABLE', 'MODEL', 'ALIASES', 'MISSING'],
    found.map((agent) => [agent.name, stateOf(agent), agent.usable.join(','), agent.model, agent.aliases.join(','), missing(agent)]),
  );
}

async function models({ out, connect }: Cli, name: string | undefined): Promise<void> {
  const client = await connect();
  const found: Model[] =
    name === undefined ? await everyPage((page) => client.model.list(page), 'models') : [await client.model.get({ name })];
  if (out.json) return out.document(name === undefined ? { models: found } : found[0]);
  out.table(
    ['NAME', 'STATE', 'TIER', 'PROVIDER', 'MODEL', 'ALIASES'],
    found.map((model) => [
      model.name,
      model.enabled ? { text: 'enabled', colour: 'green' } : { text: 'disabled', colour: 'dim' },
      model.tier,
      model.provider,
      model.model,
      model.aliases.join(','),
    ]),
  );
}

function stateOf({ enabled, usable, programs }: Agent): Cell {
  if (!enabled) return { text: 'disabled', colour: 'dim' };
  const complete = usable.length === new Set(programs.flatMap((program) => program.for)).size;
  if (complete) return { text: 'ready', colour: 'green' };
  return usable.length > 0 ? { text: 'partly', colour: 'yellow' } : { text: 'missing', colour: 'red' };
}

function missing({ programs, missingEnv }: Agent): string {
  return [...programs.filter(({ path }) => path === undefined).map(({ program }) => program), ...missingEnv].join(' ');
}
