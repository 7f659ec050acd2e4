// The scopes of a session: its worktree and its terminal, ensured in order, released in reverse by the keep policies.

import { isFailure } from '../../schemas/errors.ts';
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import { allSteps } from '../commands/definition.ts';
import { sessionSteps, worktreeSteps } from '../commands/kind.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { SessionContext } from './context.ts';
import { type EnsureTerminalDeps, ensureTerminal } from './ensure-terminal.ts';
import { type EnsureWorktreeDeps, ensureWorktree } from './ensure-worktree.ts';
import { decideTerminal, decideWorktree, type KeepPolicy, terminalAsksTouched, worktreeAsksTouched } from './keep.ts';
import type { Verdict } from './machine.ts';
import { partOf } from './positions.ts';

export interface Resources {
  ensureWorktree(context: SessionContext): Promise<WorktreeRecord>;
  ensureTerminal(context: SessionContext): Promise<TerminalRecord>;
  /** Each answers what became of it, in a word or two. */
  releaseTerminal(context: SessionContext, verdict: Verdict): Promise<string>;
  releaseWorktree(context: SessionContext, verdict: Verdict): Promise<string>;
}

export interface ResourceDeps extends Omit<EnsureWorktreeDeps, 'git'>, EnsureTerminalDeps {
  readonly worktrees: WorktreeService;
  readonly terminals: TerminalService;
  readonly git: EnsureWorktreeDeps['git'] & EnsureTerminalDeps['git'];
}

export function createResources(deps: ResourceDeps): Resources {
  const { worktrees, terminals } = deps;
  /** What is gone is written down as such. */
  const isThere = async (worktree: WorktreeRecord): Promise<boolean> =>
    worktree.status === 'present' && !(await worktrees.noteMissing(worktree));

  return {
    ensureWorktree: (context) => ensureWorktree(deps, context),
    ensureTerminal: (context) => ensureTerminal(deps, context),
    async releaseTerminal(context, verdict) {
      const { terminal, worktree, definition } = context;
      if (!terminal) return 'none';
      const attached = (await terminals.attachedClients(terminal)) > 0;
      const { policy, explicit } = wishesOf(context, definition.session.keep, [...sessionSteps, 'start-worktree-session']);
      const present = worktree !== undefined && (await isThere(worktree));
      const touched = present && terminalAsksTouched(policy) && (await worktrees.isTouched(worktree));
      const decision = decideTerminal(policy, explicit, { outcome: verdict.status, touched, attached });
      if (!decision.keep) await terminals.kill(terminal, decision.reason, byDaemon);
      return decision.keep ? `kept: ${decision.reason}` : `ended: ${decision.reason}`;
    },
    async releaseWorktree(context, verdict) {
      const { worktree, definition, session } = context;
      if (!worktree) return 'none';
      if (worktree.status === 'removed' && removesItself(context)) return 'removed: by a step';
      // It was there before this session, which has no say in its end.
      if (worktree.sessionId !== session.id) return 'kept: reused';
      const { policy, explicit } = wishesOf(context, definition.worktree.keep, worktreeSteps);
      const present = await isThere(worktree);
      const touched = present && worktreeAsksTouched(policy, explicit) && (await worktrees.isTouched(worktree));
      const decision = decideWorktree(policy, explicit, { outcome: verdict.status, touched, attached: false });
      // A daemon that died after the removal and before its record.
      if (worktree.status === 'removed') return `removed: ${decision.reason}`;
      if (decision.keep) return retain(worktree, decision.reason);
      try {
        // "never" is an order: what is not committed or merged is saved and can be restored.
        await worktrees.remove(worktree, { bySession: session.id, force: decision.reason === 'never' }, byDaemon);
        return `removed: ${decision.reason}`;
      } catch (error) {
        // Whatever a policy says, work is not lost: the worktree stays and says why.
        if (isFailure(error) && error.kind === 'WORK_AT_RISK') {
          const { reasons, processes } = error.details as WorkAtRisk;
          const running = processes.map(({ pid, command }) => `${command} (${pid})`).join(', ');
          return `${await retain(worktree, 'work_at_risk')}: ${reasons.join(' ')}${running && ` ${running}`}`;
        }
        throw error;
      }
    },
  };

  async function retain(worktree: WorktreeRecord, reason: string): Promise<string> {
    await worktrees.retain(worktree, reason, byDaemon);
    return `kept: ${reason}`;
  }
}

function usesStep({ definition }: SessionContext, names: readonly string[]): boolean {
  return definition.steps.some((step) => step.type === 'builtin' && names.includes(step.action));
}

function removesItself({ definition }: SessionContext): boolean {
  return allSteps(definition).some((step) => step.type === 'builtin' && step.action === 'worktree-remove');
}

/**
 * What the command wishes for the end of a resource. Where acquiring broke half-way it has no say: what was made for a session that never
 * began is given back unless it holds work.
 */
function wishesOf(context: SessionContext, policy: KeepPolicy | undefined, steps: readonly string[]) {
  const setupFailed = context.steps.some((step) => partOf(step) === 'acquire' && step.status === 'failed');
  return setupFailed ? { policy: undefined, explicit: false } : { policy, explicit: usesStep(context, steps) };
}
