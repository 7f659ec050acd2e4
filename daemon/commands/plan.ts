import type { PlannedStep } from '../../schemas/index.ts';
import { compact } from './compact.ts';
import type { CommandDefinition, CommandStep, SessionKind } from './definition.ts';

/** A cleanup step runs when the budget may be spent, so it has a time of its own. */
const cleanupSeconds = 60;

interface PlanOptions {
  readonly kind: SessionKind;
  /** Names of the builtin steps; any other name is a script of the project. */
  readonly builtins: readonly string[];
}

/** Everything a session of this command does, in order. Cleanup steps stand in it too; only a failure runs them. */
export function planSteps(definition: CommandDefinition, options: PlanOptions): readonly PlannedStep[] {
  const resources = options.kind === 'worktree' ? ['worktree', 'terminal'] : options.kind === 'session' ? ['terminal'] : [];
  const steps = [...definition.steps, ...definition.cleanupSteps, ...definition.finallySteps];
  return [
    ...(definition.leases?.length ? [lifecycleStep('acquire', 'leases')] : []),
    ...resources.map((resource) => lifecycleStep('acquire', resource)),
    ...steps.map((step) => plannedStep(step, options)),
    ...resources.toReversed().map((resource) => lifecycleStep('release', resource)),
  ];
}

/** The seconds a step may take: undefined is what is left of the session's budget. */
export function stepTimeoutSeconds(step: CommandStep): number | undefined {
  if (step.timeoutSeconds === 0) return undefined;
  return step.timeoutSeconds ?? (step.phase === 'cleanup' || step.phase === 'finally' ? cleanupSeconds : undefined);
}

/** Where a step runs: builtins in the daemon, the rest beside it or in the terminal. */
export function runInFor(step: CommandStep, { kind, builtins }: PlanOptions): PlannedStep['runIn'] {
  if (step.type === 'builtin' && builtins.includes(step.action)) return 'daemon';
  // The input and the answer of an agent are files, so a window would show nothing of either.
  if (step.type === 'agent') return step.runIn ?? 'process';
  return step.runIn ?? (kind === 'standard' ? 'process' : 'tmux');
}

function plannedStep(step: CommandStep, options: PlanOptions): PlannedStep {
  const { index, phase, name, action, script, continueOnError } = step;
  const isProjectScript = step.type === 'builtin' && !options.builtins.includes(action);
  return compact({
    index,
    phase,
    name,
    type: isProjectScript ? 'script' : step.type,
    action: script ?? action,
    runIn: runInFor(step, options),
    timeoutSeconds: stepTimeoutSeconds(step),
    continueOnError,
    when: step.when,
    maxAttempts: step.retry?.maxAttempts,
    credentials: step.credentials && Object.values(step.credentials),
  });
}

function lifecycleStep(verb: 'acquire' | 'release', resource: string): PlannedStep {
  const name = `${verb} ${resource}`;
  return { index: 0, phase: 'lifecycle', name, type: 'lifecycle', action: name, runIn: 'daemon', continueOnError: false };
}
