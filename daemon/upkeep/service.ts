// The database and what grows with it: how large it is, whether it is sound, copies of it, and what goes when it is old.
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { listBackups } from '../store/backups.ts';
import type { Store } from '../store/store.ts';
import { sha256Of } from '../tools/sha256.ts';
import type { Care } from './care.ts';
import { type HouseDeps, type HouseOptions, type HouseResult, keepHouse } from './house.ts';

export interface UpkeepService {
  status(): ResultOf<'daemon.dbStatus'>;
  /** One round of housekeeping. What fails is told in the result and in the log, and the rest is done. */
  keepHouse(options: HouseOptions, origin?: Origin): Promise<HouseResult>;
  backUp(path: string | undefined, signal: AbortSignal): Promise<ResultOf<'daemon.dbBackup'>>;
  check(signal: AbortSignal): Promise<ResultOf<'daemon.dbCheck'>>;
}

export interface UpkeepDeps extends Omit<HouseDeps, 'care'> {
  readonly store: Store;
  readonly clock: Clock;
  readonly care: Care;
  readonly log: Log;
  readonly databasePath: string;
  readonly backupDir: string;
}

export function createUpkeep(deps: UpkeepDeps): UpkeepService {
  const { store, clock, care, log, databasePath, backupDir } = deps;
  // Each reads or writes all of the file: two at once would only be slower.
  const queue = createKeyedQueue();
  return {
    status() {
      const { bytes, freeBytes, walBytes } = store.size();
      const { rows, keptHouseAt } = store.read((r) => ({
        rows: {
          sessions: Object.values(r.sessions.countByStatus()).reduce((sum, count) => sum + count, 0),
          events: r.events.lastSeq() - r.events.firstSeq() + 1,
        },
        keptHouseAt: r.meta.get('kept_house_at'),
      }));
      return {
        path: databasePath,
        version: store.version,
        ...{ sizeBytes: bytes, freeBytes, walBytes, rows },
        ...(keptHouseAt === undefined ? {} : { keptHouseAt: isoTime(Number(keptHouseAt)) }),
        backups: listBackups(backupDir).map(({ createdAt, ...backup }) => ({ ...backup, createdAt: isoTime(createdAt) })),
      };
    },
    keepHouse: (options, origin = byDaemon) =>
      queue.run('house', async () => {
        const result = await keepHouse(deps, options, origin);
        for (const { about, error } of result.problems)
          log.error({ err: error }, `housekeeping of ${about} failed; the next round tries again`);
        return result;
      }),
    backUp: (path, signal) =>
      queue.run('file', async () => {
        const target = path ?? join(backupDir, `coppice-${isoTime(clock.now()).replaceAll(/[:.]/g, '-')}.db`);
        await assertFolder(dirname(target));
        const { sizeBytes } = await care.backUp(target, signal);
        return { path: target, sizeBytes, sha256: await sha256Of(target) };
      }),
    check: (signal) =>
      queue.run('file', async () => {
        const begun = clock.monotonicMs();
        const { problems } = await care.check(signal);
        return { ok: problems.length === 0, problems: [...problems], tookMs: Math.round(clock.monotonicMs() - begun) };
      }),
  };
}

async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new Failure('NOT_FOUND', `There is no folder "${path}"; make it first, or name another place.`, {
    details: { entity: 'folder', id: path },
  });
}
