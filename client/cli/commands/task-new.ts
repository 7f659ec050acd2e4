import type { Command } from 'commander';
import type { ParamsOf, SpecTask } from '../../../schemas/index.ts';
import { landings, priorities } from '../../../schemas/task-words.ts';
import type { Client } from '../../client.ts';
import { type Cli, projectOf } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { choice, collect } from '../options.ts';
import { readAll, readText } from '../read-input.ts';
import { environmentFor } from '../start-session.ts';
import { tellTask } from '../tell-task.ts';

type CreateParams = ParamsOf<'specTask.create'>;

interface NewOptions {
  name?: string;
  agent?: string[];
  planner?: string;
  skipPlanning?: boolean;
  plan?: string;
  approve?: boolean;
  start: boolean;
  template?: string;
  from?: string;
  project?: string;
  base?: string;
  adapter?: CreateParams['adapter'];
  land?: CreateParams['landing'];
  type?: CreateParams['type'];
  priority?: CreateParams['priority'];
  after?: string[];
}

export function registerTaskNew(task: Command, cli: Cli): void {
  task
    .command('new')
    .description('say what is to be done: it is planned, or with --skip-planning done at once')
    .argument('[text]', 'the request; "-" reads it from stdin')
    .option('-n, --name <name>', 'default: the beginning of the request')
    .option('-a, --agent <agent>', 'who implements, and plans; again for more of them', collect)
    .option('--planner <agent>', 'who plans: an agent, or command:<name>')
    .option('--skip-planning', 'no plan and no approval: one agent does it all')
    .option('--plan <file>', 'a plan that is there already: it is revision 1; "-" reads it from stdin')
    .option('--approve', 'approve that plan and implement it')
    .option('--no-start', 'only record it; "coppice task start" starts it')
    .option('-t, --template <name>', 'feature, bugfix, refactor, investigation, or one of .coppice/task-templates')
    .option('-f, --from <source>', 'where the request is: gh:owner/repo#12, jira:KEY-12 or a URL')
    .option('-p, --project <project>', 'another project: id, name or path')
    .option('-b, --base <branch>', 'what it begins at and lands on; default: the default branch')
    .option('--adapter <adapter>', 'how agents are driven: acp, tmux or zed', choice('--adapter', ['acp', 'tmux', 'zed']))
    .option('-l, --land <how>', 'what an accepted result becomes: none, ff, merge, squash or pr', choice('--land', landings))
    .option('--type <type>', 'feature, bug, refactor, chore or docs', choice('--type', ['feature', 'bug', 'refactor', 'chore', 'docs']))
    .option('--priority <priority>', 'low, medium, high or critical', choice('--priority', priorities))
    .option('--after <task>', 'a spec task that must be done first; again for more of them', collect)
    .action((text: string | undefined, options: NewOptions) => create(cli, text, options));
}

async function create(cli: Cli, text: string | undefined, options: NewOptions): Promise<void> {
  checkOptions(text, options);
  const prompt = text === '-' ? await readAll(cli.stdin) : text;
  const plan = options.plan === undefined ? undefined : await readText(options.plan, cli);
  const client = await cli.connect();
  const made = await client.specTask.create(await paramsOf(cli, client, prompt, options));
  if (plan !== undefined) return importPlan(cli, client, made, plan, options);
  const task = options.start ? await client.specTask.start({ id: made.id }) : made;
  const hint = options.skipPlanning ? `coppice work list --task ${task.id}` : `coppice task overview ${task.id}`;
  tellTask(cli.out, task, cli.out.json || !options.start ? undefined : `see how it goes with: ${hint}`);
}

function checkOptions(text: string | undefined, { plan, approve, skipPlanning, template, from, start }: NewOptions): void {
  if (text === undefined && plan === undefined && template === undefined && from === undefined)
    throw new UsageError('Say what is to be done, or name a --plan, a --template or a source with --from.');
  if (text === '-' && plan === '-') throw new UsageError('Only one of request and plan can come from stdin.');
  if (plan !== undefined && skipPlanning) throw new UsageError('Either --plan or --skip-planning.');
  if (approve && plan === undefined)
    throw new UsageError('--approve needs a --plan; a plan that is yet to be written is approved with "coppice task approve".');
  if (approve && !start) throw new UsageError('Either --approve or --no-start; "coppice task approve --no-start" does both later.');
}

async function paramsOf(cli: Cli, client: Client, prompt: string | undefined, options: NewOptions): Promise<CreateParams> {
  const { name, agent, planner, skipPlanning, plan, template, from, base, adapter, land, type, priority, after } = options;
  // A plan says all that is to be done; its file names the request, when nothing else does.
  const request =
    prompt ?? (plan !== undefined && template === undefined && from === undefined ? `Carry out the plan ${plan}.` : undefined);
  const given = {
    ...{ name, prompt: request, implementationAgents: agent, planningAgent: planner, skipPlanning, template, from },
    ...{ baseBranch: base, adapter, landing: land, type, priority, dependsOn: after },
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...present, project: await projectOf(cli, client, options.project), environment: environmentFor(cli.env) };
}

async function importPlan(cli: Cli, client: Client, { id }: SpecTask, plan: string, { approve }: NewOptions): Promise<void> {
  const { number } = await client.specTask.submitSpecs({ id, plan, source: 'import' });
  if (!approve)
    return tellTask(cli.out, await client.specTask.get({ id }), cli.out.json ? undefined : `approve it with: coppice task approve ${id}`);
  await client.specTask.approve({ id, revision: number });
  const { specTask } = await client.specTask.startImplementation({ id, revision: number });
  tellTask(cli.out, specTask);
}
