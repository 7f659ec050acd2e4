// What a resolved command is: camelCase, defaults filled in, bases merged, steps numbered. It is what a session keeps as its snapshot, so it
// is plain JSON. The shape of the file is in file-shape.ts.
import type { CopyRule } from '../../schemas/copy-rule.ts';
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
  /** Name of a builtin, file of a script, text of a shell step, program of an agent; empty when `script` has the body. */
  readonly action: string;
  readonly script?: string;
  /** Of an agent that the daemon itself asks: the program with its arguments as they stand, in the place of `action` and `args.argv`. */
  readonly argv?: readonly string[];
  readonly args: Readonly<Record<string, unknown>>;
  /** 0 is none; absent: what is left of the budget. */
  readonly timeoutSeconds?: number;
  readonly env: Readonly<Record<string, string>>;
  /** Names of credentials, by the variables that this step alone gets them in. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly runIn?: 'process' | 'tmux';
  readonly continueOnError: boolean;
  /** A condition (condition.ts) as it is written: a step for which it does not hold is skipped. */
  readonly when?: string;
  readonly retry?: StepRetry;
  readonly id?: string;
  readonly workingDirectory?: string;
}

/** When a failed step is tried again, and how long after. `maxAttempts` counts the first one too. */
export interface StepRetry {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly multiplier: number;
  readonly maxBackoffMs: number;
  readonly jitter: number;
  /** Exit codes and words; absent: any failure. */
  readonly on?: readonly (number | 'timeout' | 'signal')[];
}

export interface CommandSchedule {
  readonly cron: string;
  readonly timezone?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly overlap: 'skip' | 'queue';
}

export interface CommandConcurrency {
  /** Absent: a pool of the command's own. */
  readonly group?: string;
  readonly limit: number;
}

export interface WorktreeBlock {
  /** Does the file have the block at all? That alone makes the kind. */
  readonly declared: boolean;
  readonly branch?: string;
  readonly base?: string;
  readonly path?: string;
  readonly keep?: KeepPolicy;
  /** A branch or worktree that is there already: refused, or taken as it stands. */
  readonly existing?: 'refuse' | 'reuse';
  readonly copy?: readonly CopyRule[];
  readonly mcpTemplate?: string;
}

/** What a session reserves when it starts: in order, and until it ends. */
export interface LeaseWish {
  readonly key: string;
  readonly kind: 'port' | 'name' | 'slot';
  readonly pool?: string;
  /** A certain port or name; templates expand. */
  readonly value?: string;
  readonly slots?: number;
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
  readonly promptFile?: string;
  /** The folder of the file that names the prompt. */
  readonly promptFolder?: string;
  readonly schedule?: CommandSchedule;
  readonly concurrency?: CommandConcurrency;
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
  readonly leases?: readonly LeaseWish[];
}

/** Names of all credentials that any step of a command is given. */
export function credentialsOf(definition: CommandDefinition): readonly string[] {
  return [...new Set(allSteps(definition).flatMap(({ credentials = {} }) => Object.values(credentials)))];
}

export function allSteps(definition: CommandDefinition): readonly CommandStep[] {
  return [...definition.steps, ...definition.cleanupSteps, ...definition.finallySteps];
}
