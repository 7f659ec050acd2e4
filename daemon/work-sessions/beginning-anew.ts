import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import type { Move } from './transition.ts';

/** Pending again in the same worktree, one attempt on. */
export function begunAnew({ attempt }: WorkSessionRecord): Move {
  return {
    to: 'pending',
    stage: 'waiting_dependencies',
    change: {
      ...{ attempt: attempt + 1, verifyAttempts: 0, started: true, sessionId: null, lastError: null, summary: null, progress: null },
      ...{ mergedCommit: null, mergedFrom: null, mergeRequestedAt: null },
    },
  };
}
