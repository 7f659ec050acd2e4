// How long a daemon that has been in use for long takes until it serves.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { daemonProgram, type Home } from '../helpers/real-daemon.ts';
import type { Benchmark } from './benchmark.ts';
import { createFullHome } from './full-home.ts';
import { quietConfig } from './ground.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';

const run = promisify(execFile);
const sessions = 1_000;
const events = 1_000_000;

/** From its start until its doors are open; raw: Node alone from its start to its end. */
export const daemonStart: Benchmark = {
  name: 'daemon.start',
  priority: 'P1',
  async open() {
    const home = await createFullHome({ sessions, events, config: quietConfig });
    let stop: (() => Promise<void>) | undefined;
    return {
      turns: {
        ours: {
          sample: () =>
            timed(async () => {
              stop = await startDaemon(home);
            }),
          undo: async () => stop?.(),
        },
        raw: { sample: () => timed(() => run(process.execPath, ['-e', '0'], { env: home.env() })) },
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const name = `daemon.start (${sessions} sessions, ${events} events)`;
        return [compared({ name, raw: 'node -e 0', unit: 'ms', kind: 'time', failures, target: { must: 8, aim: 4 } }, ours, raw)];
      },
      close: async () => void (await home[Symbol.asyncDispose]()),
    };
  },
};

/** The endpoint file is written last of all, when both doors are open, and goes at the end. */
async function startDaemon(home: Home): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [daemonProgram], { cwd: '/', env: home.env(), stdio: 'ignore' });
  const gone = once(child, 'exit');
  const folder = watch(home.stateDir);
  try {
    const ready = new Promise<void>((resolve) => {
      folder.on('change', () => existsSync(join(home.stateDir, 'endpoint.json')) && resolve());
    });
    await Promise.race([ready, gone.then(() => Promise.reject(new Error(`the daemon did not start: see ${home.logPath}`)))]);
  } finally {
    folder.close();
  }
  return async () => {
    child.kill('SIGTERM');
    await gone;
  };
}
