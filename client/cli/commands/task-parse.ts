import type { Command } from 'commander';
import { errorTable } from '../../../schemas/errors.ts';
import type { ParsedPlan } from '../../../schemas/index.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Cli } from '../context.ts';
import { formatDiagnostic } from '../format-error.ts';
import type { Output } from '../output.ts';
import { printable } from '../text.ts';

export function registerTaskParse(task: Command, cli: Cli): void {
  task
    .command('parse')
    .description('show the tasks of a plan and what is wrong in it; nothing is kept; exits with 6 on an error')
    .argument('<file>', 'Markdown; "-" reads stdin')
    .option('--strict', 'a dependency on what is not there is an error')
    .action((file: string, options: { strict?: boolean }) => parse(cli, file, options));
}

async function parse(cli: Cli, file: string, { strict = false }: { strict?: boolean }): Promise<void> {
  const { readText } = await import('../read-input.ts');
  const text = await readText(file, cli);
  const client = await cli.connect();
  // One character more than a plan may have is enough to be told so, and no message is too large for the daemon.
  const plan = await client.specTask.parsePlan({ text: text.slice(0, limits.planBytes + 1), strict });
  if (cli.out.json) cli.out.document(plan);
  else print(cli.out, plan, file === '-' ? 'stdin' : file);
  if (plan.diagnostics.some(({ level }) => level === 'error')) cli.exitWith(errorTable.PLAN_INVALID.exit);
}

function print(out: Output, { tasks, waves, diagnostics }: ParsedPlan, path: string): void {
  const waveOf = new Map(waves?.flatMap((labels, index) => labels.map((label) => [label, index + 1] as const)));
  out.table(
    ['LABEL', 'WAVE', 'EFFORT', 'DEPENDS ON', 'TITLE'],
    tasks.map(({ label, title, effort, dependencies, initialStatus }) => [
      label,
      waveOf.get(label),
      effort,
      dependencies.map((index) => tasks[index]?.label).join(','),
      initialStatus === 'completed' ? { text: `${title} (done)`, colour: 'dim' } : title,
    ]),
  );
  for (const { level, code, line, message } of diagnostics) {
    out.note(printable(formatDiagnostic({ level, path, line, message: `${code.replaceAll('_', ' ')}: ${message}` })));
  }
}
