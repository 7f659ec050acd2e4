// What becomes of the artifacts of ended sessions as they grow old: packed first, deleted later, and only what was packed.
import { limits } from '../../schemas/limits.ts';
import { forMembers, type MembersResult } from '../kernel/members.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Store } from '../store/store.ts';
import type { RetainedSession } from '../store/tables/artifact-archives.ts';
import type { Packing } from './packing.ts';

export interface RetentionWish {
  readonly archiveDays: number;
  readonly purgeDays: number;
}

export type RetentionStep = 'archive' | 'finish' | 'purge';

/** What is due for one session; undefined: nothing. Pure. */
export function dueStep(session: RetainedSession, { archiveDays, purgeDays }: RetentionWish, now: number): RetentionStep | undefined {
  const { state, endedAt, newestAt, held } = session;
  if (held || newestAt === undefined) return undefined;
  // It has been decided; the daemon died before the files were gone.
  if (state === 'replacing') return 'finish';
  if (state === 'replaced') return endedAt < now - purgeDays * dayMs ? 'purge' : undefined;
  return Math.max(endedAt, newestAt) < now - archiveDays * dayMs ? 'archive' : undefined;
}

export interface RetentionResult {
  readonly archived: Tally;
  readonly purged: Tally;
  readonly failed: MembersResult<Due, unknown>['failed'];
}

export interface Tally {
  readonly sessions: number;
  readonly sizeBytes: number;
}

export interface Due {
  readonly session: RetainedSession;
  readonly step: RetentionStep;
}

export interface RetentionOptions {
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface RetentionDeps {
  readonly store: Store;
  readonly packing: Packing;
  readonly now: () => number;
}

/** Decides for all before anything is done, so that no session is packed and deleted in one go. A dry run only tells. */
export async function retain(
  { store, packing, now }: RetentionDeps,
  wish: RetentionWish,
  { dryRun, signal }: RetentionOptions,
  origin: Origin,
): Promise<RetentionResult> {
  const due = await findDue(store, wish, now());
  const work = async ({ session, step }: Due): Promise<unknown> => {
    if (step === 'archive') return packing.replace(session.id, origin.actor);
    return step === 'finish' ? packing.finish(session.id) : packing.remove(session, origin.actor);
  };
  const { done, failed } = dryRun ? planned(due) : await forMembers(due, work, { required: 0, now, signal });
  const tally = (...steps: RetentionStep[]): Tally => {
    const of = done.map(({ member }) => member).filter(({ step }) => steps.includes(step));
    return { sessions: of.length, sizeBytes: of.reduce((sum, { session }) => sum + session.sizeBytes, 0) };
  };
  return { archived: tally('archive', 'finish'), purged: tally('purge'), failed };
}

const dayMs = 24 * 60 * 60 * 1000;

function planned(due: readonly Due[]): Pick<MembersResult<Due, unknown>, 'done' | 'failed'> {
  return { done: due.map((member) => ({ member, value: undefined })), failed: [] };
}

/** In pages, between which the event loop gets its turn: there may be years of sessions. */
async function findDue(store: Store, wish: RetentionWish, now: number): Promise<Due[]> {
  const before = now - Math.min(wish.archiveDays, wish.purgeDays) * dayMs;
  const due: Due[] = [];
  let after = { endedAt: 0, id: '' };
  for (;;) {
    const page = store.read((r) => r.archives.ended(before, after, limits.pageRows));
    for (const session of page) {
      const step = dueStep(session, wish, now);
      if (step !== undefined) due.push({ session, step });
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.pageRows || due.length >= limits.retainedSessions)
      return due.slice(0, limits.retainedSessions);
    after = { endedAt: last.endedAt, id: last.id };
    await new Promise((resolve) => setImmediate(resolve));
  }
}
