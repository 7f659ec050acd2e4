// What happens to a worktree and a terminal when their session ends. Pure: facts in, decision out.
import type { keepPolicies } from '../../schemas/command.ts';
import type { EndStatus } from './machine.ts';

export type KeepPolicy = (typeof keepPolicies)[number];

export interface KeepFacts {
  readonly outcome: EndStatus;
  /** Uncommitted changes or commits beyond the base; false where nobody asks. */
  readonly touched: boolean;
  readonly attached: boolean;
}

export interface KeepDecision {
  readonly keep: boolean;
  readonly reason: string;
}

/** Whether the decision depends on what git says of the worktree. */
export const terminalAsksTouched = (policy: KeepPolicy | undefined): boolean => policy === 'if_dirty';
export const worktreeAsksTouched = (policy: KeepPolicy | undefined, explicit: boolean): boolean =>
  policy === 'if_dirty' || (policy === undefined && !explicit);

/** Without a policy: what a step made explicitly stays; what only the lifecycle made goes when nothing is lost with it. */
export function decideWorktree(policy: KeepPolicy | undefined, explicit: boolean, facts: KeepFacts): KeepDecision {
  if (policy !== undefined) return byPolicy(policy, facts);
  if (explicit) return { keep: true, reason: 'always' };
  return facts.touched ? { keep: true, reason: 'dirty' } : { keep: false, reason: 'untouched' };
}

export function decideTerminal(policy: KeepPolicy | undefined, explicit: boolean, facts: KeepFacts): KeepDecision {
  if (policy !== undefined) return byPolicy(policy, facts);
  if (explicit) return { keep: true, reason: 'always' };
  return facts.attached ? { keep: true, reason: 'attached' } : { keep: false, reason: 'nobody_attached' };
}

function byPolicy(policy: KeepPolicy, { outcome, touched }: KeepFacts): KeepDecision {
  const keep: Readonly<Record<KeepPolicy, boolean>> = {
    always: true,
    on_success: outcome === 'succeeded',
    on_failure: outcome !== 'succeeded',
    if_dirty: touched,
    never: false,
  };
  return { keep: keep[policy], reason: policy };
}
