// How long a daemon that has been in use for long takes until it answers.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';
import { createScaleHome } from './scale-home.ts';
import { startToReady } from './start.ts';

const run = promisify(execFile);
const size = { sessions: 1_000, events: 1_000_000 };

/** From its start until its first answer; raw: Node alone from its start to its end. */
export const daemonStart: Benchmark = {
  name: 'daemon.start',
  priority: 'P1',
  takesMinutes: true,
  async open() {
    const home = await createScaleHome(size);
    return {
      turns: {
        ours: { sample: () => startToReady(home) },
        raw: { sample: () => timed(() => run(process.execPath, ['-e', '0'], { env: home.env() })) },
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const name = `daemon.start (${size.sessions} sessions, ${size.events} events)`;
        return [compared({ name, raw: 'node -e 0', unit: 'ms', kind: 'time', failures, target: { must: 8, aim: 4 } }, ours, raw)];
      },
      close: async () => void (await home[Symbol.asyncDispose]()),
    };
  },
};
