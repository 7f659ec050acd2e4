// One round of housekeeping. Its parts do not depend on each other: what fails is told, and the next round tries again.
import { limits } from '../../schemas/limits.ts';
import type { RetentionResult } from '../artifacts/retention.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import type { ConfigService } from '../config/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Store } from '../store/store.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { Care } from './care.ts';
import { giveBack, sparePages, untilIdle } from './give-back.ts';

export interface HouseDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: Pick<ConfigService, 'current'>;
  readonly artifacts: Pick<ArtifactService, 'retain'>;
  readonly worktrees: Pick<WorktreeService, 'forgetOld'>;
  readonly care: Pick<Care, 'checkpoint'>;
}

export interface HouseOptions {
  /** Only tells. */
  readonly dryRun: boolean;
  /** Waits for idle moments, and leaves free space that is not worth the work. */
  readonly gently: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HouseResult {
  readonly removed: { readonly events: number; readonly receipts: number; readonly removedWorktrees: number };
  readonly archived: { readonly sessions: number; readonly sizeBytes: number };
  readonly purged: { readonly sessions: number; readonly sizeBytes: number };
  readonly freedBytes: number;
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly about: string;
  readonly error: unknown;
}

const dayMs = 24 * 60 * 60 * 1000;
const none = { sessions: 0, sizeBytes: 0 };
const nothingRetained: RetentionResult = { archived: none, purged: none, outcome: 'full', failed: [] };

export async function keepHouse(deps: HouseDeps, options: HouseOptions, origin: Origin): Promise<HouseResult> {
  const { store, clock, artifacts, worktrees, config } = deps;
  const { dryRun, signal } = options;
  const { archive_days: archiveDays, purge_days: purgeDays } = config.current.artifacts;
  const problems: Problem[] = [];
  const part = async <T>(about: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw error;
      problems.push({ about, error });
      return otherwise;
    }
  };
  const removed = {
    events: await part('old events', () => pruneEvents(deps, options), 0),
    receipts: await part('old receipts', () => pruneReceipts(deps, options), 0),
    removedWorktrees: await part('removed worktrees', () => worktrees.forgetOld(dryRun), 0),
  };
  const makeDurable = (): Promise<void> => deps.care.checkpoint();
  const retain = () => artifacts.retain({ archiveDays, purgeDays }, { dryRun, signal, makeDurable }, origin);
  const { archived, purged, outcome, failed } = await part('artifacts', retain, nothingRetained);
  problems.push(...retentionProblems(outcome, failed));
  if (!dryRun) await part('the record', () => store.write((w) => w.meta.set('kept_house_at', String(clock.now()))), undefined);
  // Last of all, since every write after it makes the log of SQLite grow again.
  const freedBytes = await part('free space', () => shrink(deps, options), 0);
  return { removed, archived, purged, freedBytes, problems };
}

/** When nothing went well there is one reason for all of it; else each session has its own, as many as somebody would read. */
function retentionProblems(outcome: RetentionResult['outcome'], failed: RetentionResult['failed']): Problem[] {
  const [first] = failed;
  if (first === undefined) return [];
  if (outcome === 'failed') return [{ about: `artifacts of ${failed.length} sessions`, error: first.error }];
  return failed.slice(0, mostProblems).map(({ member, error }) => ({ about: `artifacts of session "${member.session.slug}"`, error }));
}

const mostProblems = 20;

async function pruneEvents({ store, clock, config }: HouseDeps, { dryRun, signal }: HouseOptions): Promise<number> {
  const { keep_days: keepDays, keep_rows: keepRows } = config.current.events;
  const wish = { beforeMs: clock.now() - keepDays * dayMs, keepRows };
  if (dryRun) return store.read((r) => r.events.prunable(wish));
  return inSlices((limit) => store.write((w) => w.events.prune({ ...wish, limit })), signal);
}

async function pruneReceipts({ store, clock }: HouseDeps, { dryRun, signal }: HouseOptions): Promise<number> {
  const beforeMs = clock.now() - limits.receiptsKeptMs;
  if (dryRun) return store.read((r) => r.receipts.prunable(beforeMs));
  return inSlices((limit) => store.write((w) => w.receipts.prune(beforeMs, limit)), signal);
}

/** Each slice is a transaction of its own, so that other writes come in between. */
async function inSlices(slice: (limit: number) => Promise<number>, signal: AbortSignal | undefined): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await slice(limits.eventPruneRows);
    total += done;
    if (done < limits.eventPruneRows || signal?.aborted) return total;
  }
}

/** The file itself gets shorter at the checkpoint. */
async function shrink({ store, clock, care }: HouseDeps, { dryRun, gently, signal }: HouseOptions): Promise<number> {
  const keep = gently ? sparePages : () => 0;
  const before = store.size();
  if (dryRun) return Math.max(0, before.freePages - keep(before)) * before.pageBytes;
  const isIdle = (): boolean => store.queueLength === 0;
  const idleMoment = gently ? () => untilIdle({ clock, isIdle }) : async () => true;
  const pages = await giveBack(store, { keep, idleMoment, signal });
  if (pages > 0 || store.size().walBytes > limits.spareBytes) await care.checkpoint();
  return pages * before.pageBytes;
}
