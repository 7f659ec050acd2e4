// Configuration, and what a retry costs when nothing fails.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { loadConfig } from '../../daemon/config/load.ts';
import { policyOf } from '../../daemon/kernel/again.ts';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { retry } from '../../daemon/kernel/retry.ts';
import { openDatabase } from '../../daemon/store/database.ts';
import { RetryConfig } from '../../schemas/retry.ts';
import type { Benchmark } from './benchmark.ts';
import { quietConfig } from './ground.ts';
import { bounded, compared } from './rows.ts';
import { timed } from './samples.ts';

const loads = 50;
const text = `${quietConfig}
[daemon]
log_level = "info"
drain_ms = 3000
[websocket]
enabled = true
allowed_origins = ["http://localhost:5173", "http://localhost:8080"]
[worktrees]
copy = [{ pattern = ".env*", mode = "copy" }, { pattern = ".vscode/settings.json", mode = "copy" }]
[sessions]
max_running = 12
timeout = 1800
shell = "/bin/bash"
[events]
keep_days = 30
keep_rows = 1000000
[hooks]
post_create = [["true"], ["echo", "made"]]
[leases]
ports = "41000-42999"
`;

/** Text and environment to a frozen configuration; raw: the TOML parser alone. */
export const configLoad: Benchmark = {
  name: 'config.load',
  priority: 'P1',
  async open() {
    const env = { ...process.env, COPPICE_SESSIONS__TIMEOUT: '60' };
    const each = (work: () => unknown) => ({
      sample: async (): Promise<number> => {
        const ms = await timed(async () => {
          for (let index = 0; index < loads; index += 1) await work();
        });
        return (ms * 1_000) / loads;
      },
    });
    return {
      turns: { ours: each(() => loadConfig({ env, user: { path: '/config.toml', text } })), raw: each(() => parse(text)) },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const whole = ours.map((us) => us / 1_000);
        return [
          compared({ name: 'config.load', raw: 'TOML parser', unit: 'µs', kind: 'time', failures }, ours, raw),
          bounded({ name: 'config.load, whole', unit: 'ms', failures, target: { must: 10, aim: 2 } }, whole),
        ];
      },
    };
  },
};

/** A changed file taken over, until answered; raw: the file read and parsed, and one commit. */
export const configReload: Benchmark = {
  name: 'config.reload',
  priority: 'P1',
  async open({ daemon, lines }) {
    const client = await lines('daemon');
    const db = openDatabase(daemon.path('raw-config.db'));
    db.exec('CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT');
    const insert = db.prepare('INSERT INTO event (body) VALUES (?)');
    const rawPath = daemon.path('raw-config.toml');
    let count = 0;
    const changed = (): string => {
      count += 1;
      return text.replace('max_running = 12', `max_running = ${20 + count}`);
    };
    return {
      turns: {
        ours: {
          async sample(): Promise<number> {
            daemon.writeConfig(changed());
            return timed(async () => {
              const { changedKeys } = await client.call<{ changedKeys: string[] }>('config.reload', {});
              if (!changedKeys.includes('sessions.max_running')) throw new Error('the change was not seen');
            });
          },
        },
        raw: {
          async sample(): Promise<number> {
            writeFileSync(rawPath, changed());
            return timed(async () => {
              insert.run(JSON.stringify(parse(readFileSync(rawPath, 'utf8'))));
            });
          },
        },
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        return [compared({ name: 'config.reload', raw: 'read + parse + one commit', unit: 'ms', kind: 'time', failures }, ours, raw)];
      },
      async close() {
        daemon.writeConfig(quietConfig);
        await client.call('config.reload', {});
        client.close();
        db.close();
      },
    };
  },
};

const calls = 2_000;

/** Work that succeeds at once; raw: the same without the retry around it. */
export const retryOverhead: Benchmark = {
  name: 'retry.overhead',
  priority: 'P1',
  async open() {
    const work = async (): Promise<number> => 1;
    const options = { clock: systemClock, random: Math.random };
    const policy = policyOf(RetryConfig.parse({}).file);
    const perCall = (one: () => Promise<number>) => ({
      sample: async (): Promise<number> => {
        const ms = await timed(async () => {
          for (let index = 0; index < calls; index += 1) await one();
        });
        return (ms * 1_000) / calls;
      },
    });
    return {
      turns: { ours: perCall(() => retry(work, policy, options)), raw: perCall(work) },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const added = ours.map((us, round) => Math.max(0, us - (raw[round] ?? 0)));
        return [
          compared({ name: 'retry.overhead', raw: 'the work alone', unit: 'µs', kind: 'time', failures }, ours, raw),
          bounded({ name: 'retry.overhead, added', unit: 'µs', failures, target: { must: 10, aim: 1 } }, added),
        ];
      },
    };
  },
};
