import { stepTimeoutSeconds } from '../commands/plan.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { type SessionContext, stepOf } from './context.ts';

/** When a step is out of time. Cleanup and finally steps have a time of their own, even when the budget is spent. */
export function deadlineOf(context: SessionContext, step: StepRecord, now: number): number | undefined {
  const definition = stepOf(context.definition, step);
  const own = definition && stepTimeoutSeconds(definition);
  const budget = context.session.deadlineAt;
  if (step.phase === 'cleanup' || step.phase === 'finally') return own === undefined ? undefined : now + own * 1000;
  const ends = [own === undefined ? undefined : now + own * 1000, budget].filter((at) => at !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
