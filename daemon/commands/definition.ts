// What a resolved command is: camelCase, defaults filled in, bases merged, steps numbered. It is what a session keeps as its snapshot, so it
// is plain JSON. The shape of the file is in file-shape.ts.
import type { CommandArgument, keepPolicies, StepPhase, sessionKinds, stepTypes } from '../../schemas/index.ts';

export type SessionKind = (typeof sessionKinds)[number];
export type KeepPolicy = (typeof keepPolicies)[number];
export type StepType = (typeof stepTypes)[number];

export interface CommandStep {
  /** From 1 through pre, main, post, then cleanup, then finally. */
  readonly index: number;
  readonly phase: Exclude<StepPhase, 'lifecycle'>;
  readonly name: string;
  readonly type: StepType;
  /** Name of a builtin, file of a script, text of a shell step; empty when `script` has the body. */
  readonly action: string;
  readonly script?: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** 0 is none; absent: what is left of the budget. */
  readonly timeoutSeconds?: number;
  readonly env: Readonly<Record<string, string>>;
  readonly runIn?: 'process' | 'tmux';
  readonly continueOnError: boolean;
  readonly id?: string;
  readonly workingDirectory?: string;
}

export interface WorktreeBlock {
  /** Does the file have the block at all? That alone makes the kind. */
  readonly declared: boolean;
  readonly branch?: string;
  readonly base?: string;
  readonly path?: string;
  readonly keep?: KeepPolicy;
}

export interface SessionBlock {
  readonly declared: boolean;
  readonly nameTemplate?: string;
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly windows: readonly { readonly name: string; readonly command?: string }[];
  readonly keep?: KeepPolicy;
}

export interface CommandDefinition {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly abstract: boolean;
  readonly lifecycle?: SessionKind;
  readonly arguments: readonly CommandArgument[];
  readonly environment: Readonly<Record<string, string>>;
  /** pre_steps, steps and post_steps: one sequence. */
  readonly steps: readonly CommandStep[];
  readonly cleanupSteps: readonly CommandStep[];
  readonly finallySteps: readonly CommandStep[];
  readonly workingDirectory?: string;
  /** Budget of the whole session; 0 is none; absent: the config's. */
  readonly timeoutSeconds?: number;
  readonly worktree: WorktreeBlock;
  readonly session: SessionBlock;
  readonly requires: readonly string[];
}

export function allSteps(definition: CommandDefinition): readonly CommandStep[] {
  return [...definition.steps, ...definition.cleanupSteps, ...definition.finallySteps];
}
