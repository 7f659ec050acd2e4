import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import type { ParsedPlan, PlanTask } from '../../../../schemas/index.ts';

/** The only task of a checklist with this one line, and the lines below it. */
export function taskOf(title: string, ...below: string[]): PlanTask {
  const { tasks } = parsePlan([`- [ ] ${title}`, ...below.map((line) => `  ${line}`)].join('\n'));
  if (tasks.length !== 1) throw new Error(`${tasks.length} tasks in ${title}`);
  return tasks[0] as PlanTask;
}

/** `level code line message`, one a diagnostic. */
export function told({ diagnostics }: ParsedPlan): string[] {
  return diagnostics.map(({ level, code, line, message }) => `${level} ${code} ${line} ${message}`);
}

/** Label -> labels it waits for. */
export function edges({ tasks }: ParsedPlan): Record<string, string[]> {
  return Object.fromEntries(tasks.map(({ label, dependencies }) => [label, dependencies.map((index) => tasks[index]?.label ?? '?')]));
}
