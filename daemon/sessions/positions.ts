import type { StepPhase } from '../../schemas/step.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';

/**
 * The rows of a session in the order in which they run. Cleanup rows are only written when something failed, so each part has a range of
 * positions of its own.
 */
export type Part = 'acquire' | 'body' | 'cleanup' | 'finally' | 'release';

const partStarts: Readonly<Record<Part, number>> = { acquire: 0, body: 1_000, cleanup: 2_000, finally: 3_000, release: 4_000 };
const partsDescending = (Object.keys(partStarts) as Part[]).toReversed();

export const lifecycleNames = {
  acquireLeases: 'acquire leases',
  acquireWorktree: 'acquire worktree',
  acquireTerminal: 'acquire terminal',
  releaseTerminal: 'release terminal',
  releaseWorktree: 'release worktree',
} as const;

export function positionIn(part: Part, offset: number): number {
  return partStarts[part] + offset;
}

export function partOf(step: Pick<StepRecord, 'position'>): Part {
  return partsDescending.find((part) => step.position >= partStarts[part]) as Part;
}

export function partOfPhase(phase: Exclude<StepPhase, 'lifecycle'>): Part {
  return phase === 'cleanup' || phase === 'finally' ? phase : 'body';
}
