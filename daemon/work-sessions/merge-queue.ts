import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';

/** Who is to be merged, in order: who is being merged, then who asked first. One that waits for a human's word is in it too. */
export function mergeQueueOf(workSessions: readonly WorkSessionRecord[]): WorkSessionRecord[] {
  const place = ({ stage, mergeRequestedAt = Number.MAX_SAFE_INTEGER }: WorkSessionRecord): number =>
    stage === 'merging' ? 0 : mergeRequestedAt;
  return workSessions
    .filter(({ status, stage }) => status === 'active' && (stage === 'awaiting_merge' || stage === 'merging'))
    .toSorted((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1));
}
