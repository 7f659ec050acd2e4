// What the work of a spec task needs of other rooms.
import type { MergeStrategy } from '../../schemas/spec-task.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { InstanceRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

/** Rows only, in the caller's transaction; whoever drives agents does the rest after the commit. */
export interface Threads {
  /** The live instance of a spec task, or a new one. */
  ensureInstance(w: Writer, specTaskId: string): InstanceRecord;
  /** Idempotent: the thread that it has, or a new one, in the task's live instance or a new one. */
  ensure(
    w: Writer,
    of: { readonly specTaskId: string; readonly workSessionId?: string; readonly sessionId: string; readonly agent: string },
  ): ThreadRecord;
  /** Throws LIMIT_EXCEEDED when too many wait. */
  enqueue(
    w: Writer,
    prompt: {
      readonly threadId: string;
      readonly workSessionId?: string;
      readonly content: string;
      readonly interrupt?: boolean;
      readonly origin: string;
      readonly id?: string;
    },
  ): PromptRecord;
  cancelTurn(w: Writer, threadId: string): void;
  close(w: Writer, threadId: string, to: 'completed' | 'failed', reason: string): void;
  stopInstance(w: Writer, specTaskId: string, reason: string): void;
}

export type Verdict =
  | { readonly passed: true }
  | { readonly passed: false; readonly command: string; readonly exitCode?: number; readonly outputTail: string };

export interface Merging {
  /** The integration branch and the daemon's own worktree for it; idempotent. */
  ensureIntegration(task: SpecTaskRecord): Promise<{ readonly worktreePath: string; readonly head: string }>;
  headOf(task: SpecTaskRecord, branch: string): Promise<string>;
  contains(task: SpecTaskRecord, branch: string, commit: string): Promise<boolean>;
  /** What is not committed becomes a commit; answers the head. */
  commitLeftovers(worktreePath: string, message: string): Promise<string>;
  /**
   * Whole or absent, and idempotent: work that `into` has already is no second merge. Throws GIT_CONFLICT {files}, PRECONDITION while the
   * checkout of `into` has changes.
   */
  merge(
    task: SpecTaskRecord,
    wanted: { readonly worktreeId: string; readonly into: string; readonly strategy: MergeStrategy; readonly message: string },
  ): Promise<{ readonly before: string; readonly commit: string }>;
  /** Back to `before`, only if the branch is still at `commit`. */
  revert(task: SpecTaskRecord, which: { readonly into: string; readonly before: string; readonly commit: string }): Promise<void>;
  verify(
    of: {
      readonly specTaskId: string;
      readonly workSessionId?: string;
      readonly worktreePath: string;
      readonly commands: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<Verdict>;
}

export interface WorkLimits {
  readonly spawn_depth: number;
  readonly children: number;
  readonly sessions_per_task: number;
  readonly spawns_per_minute: number;
  readonly slots_per_task: number;
  readonly slots: number;
}

export interface WorkDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly attention: AttentionService;
  readonly threads: Threads;
  readonly merging: Merging;
  readonly sessions: Pick<SessionService, 'startTogether' | 'cancelAll'>;
  readonly driven: DrivenSessions;
  readonly envFiles: Pick<EnvFiles, 'read'>;
  /** `[spec_tasks.limits]`; 0 is none. */
  readonly limits: () => WorkLimits;
  /** Work sessions it waits for with a blocking message. */
  readonly blocksOf: (r: Reader, workSessionId: string) => readonly string[];
  /** Whether a message waits for it that asks for a turn of its own. */
  readonly callsForTurn: (r: Reader, workSessionId: string) => boolean;
  /** Tells the others what became of one, in the same transaction. */
  readonly announce: (w: Writer, workSessionId: string) => void;
}
