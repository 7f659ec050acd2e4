// What others ask of merging.
import type { MergeStrategy } from '../../schemas/spec-task.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

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
