import type { CommandDefinition, SessionKind } from './definition.ts';

export interface KindAndReason {
  readonly kind: SessionKind;
  readonly reason: string;
}

export const worktreeSteps: readonly string[] = ['create-worktree', 'start-worktree-session'];
export const sessionSteps: readonly string[] = ['start-session', 'session-create'];

/** What a command needs, told by its keys and steps; its name says nothing. Cleanup and finally steps need nothing acquired for them. */
export function inferKind(definition: CommandDefinition): KindAndReason {
  const { lifecycle, worktree, session } = definition;
  if (lifecycle !== undefined) return { kind: lifecycle, reason: `lifecycle: ${lifecycle}` };
  if (worktree.declared) return { kind: 'worktree', reason: 'the worktree block' };
  const worktreeStep = firstBuiltin(definition, worktreeSteps);
  if (worktreeStep !== undefined) return { kind: 'worktree', reason: `the step ${worktreeStep}` };
  if (session.declared) return { kind: 'session', reason: 'the session block' };
  const sessionStep = firstBuiltin(definition, sessionSteps);
  if (sessionStep !== undefined) return { kind: 'session', reason: `the step ${sessionStep}` };
  return { kind: 'standard', reason: 'nothing asks for a worktree or a terminal' };
}

function firstBuiltin({ steps }: CommandDefinition, names: readonly string[]): string | undefined {
  return steps.find(({ type, action }) => type === 'builtin' && names.includes(action))?.action;
}
