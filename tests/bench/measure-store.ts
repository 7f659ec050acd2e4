// db.transaction and gc: the store of the daemon beside SQLite alone, both on files of their own with the same tables and settings.
import { join } from 'node:path';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { byDaemon } from '../../daemon/kernel/origin.ts';
import { openDatabase } from '../../daemon/store/database.ts';
import { Store } from '../../daemon/store/store.ts';
import { type HouseDeps, keepHouse } from '../../daemon/upkeep/house.ts';
import { Config } from '../../schemas/config.ts';
import { createTempDir } from '../helpers/temp-dir.ts';
import type { Benchmark } from './benchmark.ts';
import { someEvent } from './long-log.ts';
import { compared, type RowSpec } from './rows.ts';
import { timed } from './samples.ts';

/** Two databases that our store has made; the second is then used without it. */
function twoDatabases() {
  const dir = createTempDir();
  const open = (name: string): Store =>
    new Store({ path: dir.at(name), backupDir: join(dir.path, 'backups'), clock: systemClock, random: Math.random });
  open('raw.db').close();
  const store = open('ours.db');
  const db = openDatabase(dir.at('raw.db'));
  const insert = db.prepare('INSERT INTO events (at, type, body) VALUES (?, ?, ?)');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const close = async (): Promise<void> => {
    store.close();
    db.close();
    dir[Symbol.dispose]();
  };
  const insertRaw = (index: number, at = Date.now()): void => {
    const { type, ...event } = someEvent(index);
    insert.run(at, type, JSON.stringify({ at: new Date(at).toISOString(), type, ...event }));
  };
  const inTransaction = (work: () => void): void => {
    begin.run();
    work();
    commit.run();
  };
  return { store, db, insertRaw, inTransaction, close };
}

/** A sample: enough of them that compiling the daemon's code is not what is measured. */
const writes = 1_280;
const shapes = [
  { callers: 1, kind: 'time', raw: 'one commit, in place', target: { must: 1.2, aim: 1.1 } },
  { callers: 64, kind: 'speed', raw: 'a commit for each', target: { must: 5, aim: 10 } },
] as const;

/** An event committed, for callers that each wait for theirs; raw: a transaction for each. */
export const transactions: readonly Benchmark[] = shapes.map(({ callers, kind, raw, target }) => {
  const name = `db.transaction ${callers} caller${callers === 1 ? '' : 's'}`;
  return {
    name,
    priority: 'P0',
    async open() {
      const { store, insertRaw, inTransaction, close } = twoDatabases();
      let count = 0;
      const caller = async (): Promise<void> => {
        for (let left = writes / callers; left > 0; left -= 1) {
          count += 1;
          await store.write((w) => w.events.append(someEvent(count)));
        }
      };
      const perWrite = async (work: () => Promise<unknown>): Promise<number> => ((await timed(work)) * 1_000) / writes;
      return {
        turns: {
          ours: { sample: () => perWrite(() => Promise.all(Array.from({ length: callers }, caller))) },
          raw: {
            sample: () =>
              perWrite(async () => {
                for (let index = 0; index < writes; index += 1) inTransaction(() => insertRaw(index));
              }),
          },
        },
        rows: ({ samples, failures }) => {
          const spec: RowSpec = { name, raw, unit: 'µs', kind, failures, target };
          return [compared(spec, samples.ours ?? [], samples.raw ?? [])];
        },
        close,
      };
    },
  };
});

const collected = 5_000;
const longAgo = Date.UTC(2000, 0, 1);

/** Old events go, in slices between which others may write; raw: one statement. */
export const gc: Benchmark = {
  name: 'gc',
  priority: 'P2',
  async open() {
    const { store, db, insertRaw, inTransaction, close } = twoDatabases();
    const clock = { ...systemClock, now: () => Date.now() + 365 * 24 * 60 * 60 * 1_000 };
    const none = { sessions: 0, sizeBytes: 0 };
    const current = Config.parse({ events: { keep_days: 1, keep_rows: 1_000 } });
    const artifacts = { retain: async () => ({ archived: none, purged: none, failed: [] }) };
    const care = { checkpoint: async () => {} };
    const deps = { store, clock, config: { current }, artifacts, worktrees: { forgetOld: async () => 0 }, care } as unknown as HouseDeps;
    const remove = db.prepare('DELETE FROM events WHERE at < ?');
    return {
      turns: {
        ours: {
          async sample(): Promise<number> {
            await store.write((w) => {
              for (let index = 0; index < collected; index += 1) w.events.append(someEvent(index));
            });
            let gone = 0;
            const ms = await timed(async () => {
              gone = (await keepHouse(deps, { dryRun: false, gently: false }, byDaemon)).removed.events;
            });
            if (gone !== collected) throw new Error(`${gone} events were collected instead of ${collected}`);
            return ms;
          },
        },
        raw: {
          async sample(): Promise<number> {
            inTransaction(() => {
              for (let index = 0; index < collected; index += 1) insertRaw(index, longAgo);
            });
            return timed(async () => inTransaction(() => void remove.run(longAgo + 1)));
          },
        },
      },
      rows({ samples, failures }) {
        const name = `gc (${collected} old events)`;
        return [compared({ name, raw: 'one DELETE', unit: 'ms', kind: 'time', failures }, samples.ours ?? [], samples.raw ?? [])];
      },
      close,
    };
  },
};
