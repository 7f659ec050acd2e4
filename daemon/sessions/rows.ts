// The rows a session begins with: one for each thing that will happen, in order.
import type { CommandDefinition, CommandStep, SessionKind } from '../commands/definition.ts';
import { runInFor } from '../commands/plan.ts';
import type { Ids } from '../kernel/ids.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { lifecycleNames, type Part, partOfPhase, positionIn } from './positions.ts';

export interface RowsOptions {
  readonly sessionId: string;
  readonly definition: CommandDefinition;
  readonly kind: SessionKind;
  /** Names of the steps that the daemon runs itself. */
  readonly builtins: readonly string[];
  readonly ids: Ids;
}

export function initialRows(options: RowsOptions): StepRecord[] {
  const { definition, kind } = options;
  const acquire = [
    ...(definition.leases?.length ? [lifecycleNames.acquireLeases] : []),
    ...(kind === 'worktree' ? [lifecycleNames.acquireWorktree] : []),
    ...(kind === 'standard' ? [] : [lifecycleNames.acquireTerminal]),
  ];
  const release = [
    ...(kind === 'standard' ? [] : [lifecycleNames.releaseTerminal]),
    ...(kind === 'worktree' ? [lifecycleNames.releaseWorktree] : []),
  ];
  return [
    ...acquire.map((name, offset) => lifecycleRow(options, 'acquire', offset, name)),
    ...stepRows(options, definition.steps),
    ...stepRows(options, definition.finallySteps),
    ...release.map((name, offset) => lifecycleRow(options, 'release', offset, name)),
  ];
}

/** Written only when the body failed or was cancelled. */
export function cleanupRows(options: RowsOptions): StepRecord[] {
  return stepRows(options, options.definition.cleanupSteps);
}

function stepRows({ sessionId, kind, builtins, ids }: RowsOptions, steps: readonly CommandStep[]): StepRecord[] {
  return steps.map((step, offset) => ({
    ...blank(ids.next('stp'), sessionId),
    position: positionIn(partOfPhase(step.phase), offset),
    index: step.index,
    phase: step.phase,
    name: step.name,
    type: step.type,
    runIn: runInFor(step, { kind, builtins }),
  }));
}

function lifecycleRow({ sessionId, ids }: RowsOptions, part: Part, offset: number, name: string): StepRecord {
  const position = positionIn(part, offset);
  return { ...blank(ids.next('stp'), sessionId), position, index: 0, phase: 'lifecycle', name, type: 'lifecycle', runIn: 'daemon' };
}

function blank(id: string, sessionId: string) {
  return { id, sessionId, attempt: 1, status: 'pending', outputOffset: 0, outputSize: 0 } as const;
}
