// A git, or another program, that stands still before or after it has done something, so that something else can happen just then.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home, RealDaemon } from './real-daemon.ts';
import { until } from './until.ts';

export interface StoppingPrograms {
  /** For the daemon's environment. */
  readonly PATH: string;
  /** The next call with this word stands still before or after its work. */
  stopAt(when: 'before' | 'after', word: string): void;
  /** Waits until one stands still, kills the daemon and then it, and starts the daemon again. */
  killThere(daemon: RealDaemon): Promise<void>;
  /** Waits until one stands still, does this, and lets it go on. */
  meanwhile(work: () => Promise<void>): Promise<void>;
}

export function createStoppingPrograms(home: Home, programs: readonly string[] = ['git', 'nice']): StoppingPrograms {
  const folder = home.path('stopping');
  const [plan, stopped, on] = [join(folder, 'plan'), join(folder, 'stopped'), join(folder, 'on')];
  mkdirSync(folder);
  const path = process.env.PATH ?? '/usr/bin:/bin';
  for (const program of programs) {
    writeFileSync(
      join(folder, program),
      `#!/bin/sh
PATH='${path}'
plan=$(cat '${plan}' 2>/dev/null)
hit=no
for word in "$@"; do [ "$word" = "\${plan#*:}" ] && hit=yes; done
[ $hit = no ] && exec ${program} "$@"
stand_still() { echo $$ > '${stopped}.new'; mv '${stopped}.new' '${stopped}'; while [ ! -e '${on}' ]; do sleep 0.02; done; }
[ "\${plan%%:*}" = before ] && stand_still && exec ${program} "$@"
${program} "$@"
code=$?
stand_still
exit $code
`,
    );
    chmodSync(join(folder, program), 0o755);
  }
  const standsStill = async (): Promise<void> => {
    await until('a program to stand still', () => existsSync(stopped));
    rmSync(plan);
  };
  return {
    PATH: `${folder}:${path}`,
    stopAt: (when, word) => writeFileSync(plan, `${when}:${word}`),
    async meanwhile(work) {
      await standsStill();
      await work();
      rmSync(stopped);
      writeFileSync(on, '');
    },
    async killThere(daemon) {
      await standsStill();
      await daemon.kill();
      process.kill(Number(readFileSync(stopped, 'utf8')), 'SIGKILL');
      rmSync(stopped);
      await daemon.again();
    },
  };
}
