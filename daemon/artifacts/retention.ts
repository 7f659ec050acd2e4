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
  /** Whether anything went well; each failure with its session. */
  readonly outcome: MembersResult<Due, boolean>['outcome'];
  readonly failed: MembersResult<Due, boolean>['failed'];
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
  /** Makes what is committed outlive a power cut. */
  readonly makeDurable: () => Promise<void>;
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
  { dryRun, signal, makeDurable }: RetentionOptions,
  origin: Origin,
): Promise<RetentionResult> {
  const due = await findDue(store, wish, now());
  if (dryRun) return { archived: tallyOf(due, 'archive', 'finish'), purged: tallyOf(due, 'purge'), outcome: 'full', failed: [] };
  const { done, outcome, failed } = await forMembers(
    due,
    ({ session, step }) => {
      if (step === 'archive') return packing.seal(session.id, origin.actor);
      return step === 'purge' ? packing.remove(session, origin.actor) : Promise.resolve(true);
    },
    { required: 1, now, signal },
  );
  // What something holds meanwhile was passed over.
  const through = done.filter(({ value }) => value).map(({ member }) => member);
  const sealed = through.filter(({ step }) => step !== 'purge');
  if (sealed.length > 0) await makeDurable();
  const finished = await forMembers(sealed, ({ session }) => packing.finish(session.id), { required: 1, now, signal });
  return {
    archived: tallyOf(finished.done.map(({ member }) => member)),
    purged: tallyOf(through, 'purge'),
    outcome,
    failed: [...failed, ...finished.failed],
  };
}

const dayMs = 24 * 60 * 60 * 1000;

/** Of those with one of the steps, or of all. */
function tallyOf(due: readonly Due[], ...steps: RetentionStep[]): Tally {
  const of = due.filter(({ step }) => steps.length === 0 || steps.includes(step));
  return { sessions: of.length, sizeBytes: of.reduce((sum, { session }) => sum + session.sizeBytes, 0) };
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
