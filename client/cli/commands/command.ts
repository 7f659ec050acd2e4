import type { Command } from 'commander';
import type { CommandSummary, ResultOf } from '../../../schemas/index.ts';
import { type Cli, projectOf } from '../context.ts';
import { formatDiagnostic } from '../format-error.ts';
import { parseKeyValues } from '../key-values.ts';
import type { Output } from '../output.ts';
import { printable } from '../text.ts';

export function register(program: Command, cli: Cli): void {
  program
    .command('commands')
    .description('list the commands this repository can run, broken ones with what is wrong')
    .option('-p, --project <project>', 'another project: id, name or path')
    .option('--category <name>', 'only those of one category')
    .action((options: { project?: string; category?: string }) => list(cli, options));
  program
    .command('plan')
    .description('show what running a command would do; nothing is written')
    .argument('<command>')
    .argument('[key=value...]', 'arguments of the command')
    .option('-p, --project <project>', 'another project: id, name or path')
    .action((name: string, words: string[], options: { project?: string }) => plan(cli, name, words, options.project));
}

async function list(cli: Cli, { project, category }: { project?: string; category?: string }): Promise<void> {
  const client = await cli.connect();
  const asked = { project: await projectOf(cli, client, project), limit: 200, ...(category === undefined ? {} : { category }) };
  const commands: CommandSummary[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await client.command.list({ ...asked, ...(cursor === undefined ? {} : { cursor }) });
    commands.push(...page.commands);
    cursor = page.nextCursor;
  }
  const { out } = cli;
  if (out.json) return out.document({ commands });
  out.table(
    ['COMMAND', 'KIND', 'WHY', 'SOURCE', 'CATEGORY', 'DESCRIPTION'],
    commands.map((command) => [
      command.valid ? command.name : { text: `${command.name} (broken)`, colour: 'red' },
      command.kind,
      command.kindReason,
      command.source,
      command.category,
      command.description,
    ]),
  );
  for (const command of commands) printTroubles(out, command);
}

function printTroubles(out: Output, command: CommandSummary): void {
  for (const diagnostic of command.diagnostics)
    out.note(printable(formatDiagnostic({ ...diagnostic, path: diagnostic.path ?? command.path })));
  for (const path of command.shadows) out.note(printable(`${path}: hidden by ${command.path ?? 'another file'} (${command.name})`));
}

async function plan(cli: Cli, name: string, words: readonly string[], named: string | undefined): Promise<void> {
  const given = parseKeyValues(words);
  const client = await cli.connect();
  const result = await client.command.plan({ project: await projectOf(cli, client, named), name, arguments: given });
  if (cli.out.json) cli.out.document(result);
  else printPlan(cli.out, result);
}

function printPlan(out: Output, plan: ResultOf<'command.plan'>): void {
  const { command } = plan;
  out.line(`${out.paint(command.name, 'bold')}: ${command.kind} (${printable(command.kindReason)})`);
  if (plan.branch !== undefined)
    out.line(`branch ${printable(plan.branch)}${plan.base === undefined ? '' : ` from ${printable(plan.base)}`}`);
  for (const [key, value] of Object.entries(plan.arguments)) {
    out.line(printable(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`));
  }
  out.line(`budget ${plan.timeoutSeconds === 0 ? 'unlimited' : `${plan.timeoutSeconds}s`}`);
  out.table(
    ['STEP', 'PHASE', 'NAME', 'TYPE', 'IN', 'TIMEOUT', 'ACTION'],
    plan.steps.map((step) => [
      step.index,
      step.phase,
      step.name,
      step.type,
      step.runIn,
      step.timeoutSeconds === undefined ? '' : `${step.timeoutSeconds}s`,
      step.action,
    ]),
  );
}
