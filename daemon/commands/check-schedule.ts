import type { Diagnostic } from '../../schemas/index.ts';
import type { CommandDefinition } from './definition.ts';
import type { ReadCommand } from './parse-command.ts';
import { createProblems } from './problems.ts';
import { isMap } from './scalar.ts';

/** The expression of a schedule; what reads those is a tool, so it is handed in. */
export function checkSchedule(
  definition: CommandDefinition | undefined,
  { locate, path, raw }: ReadCommand,
  cronProblem: (cron: string) => string | undefined,
): readonly Diagnostic[] {
  const problem = definition?.schedule === undefined ? undefined : cronProblem(definition.schedule.cron);
  if (problem === undefined) return [];
  const problems = createProblems(locate, path);
  problems.add({ path: isMap(raw) && isMap(raw.schedule) ? ['schedule', 'cron'] : ['schedule'], message: problem });
  return problems.diagnostics;
}
