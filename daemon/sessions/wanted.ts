import { Failure } from '../../schemas/errors.ts';
import { holds, parseCondition } from '../commands/condition.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { type SessionContext, stepOf } from './context.ts';

/** Does the `when` of a step that is due let it run? It never lets one run that is not due: what follows a failure is cleanup. */
export function isWanted({ definition, session, steps, lookup }: SessionContext, step: StepRecord): boolean {
  const when = stepOf(definition, step)?.when;
  if (when === undefined) return true;
  const condition = parseCondition(when);
  if ('problem' in condition) throw new Failure('COMMAND_INVALID', `The condition of step "${step.name}" ${condition.problem}.`);
  const before = steps.filter(({ position }) => position < step.position);
  const failed = session.verdict !== undefined || before.some(({ status }) => ['failed', 'lost', 'cancelled'].includes(status));
  return holds(condition, { failed, get: (name) => lookup.get(name) });
}
