// Who can be killed: the processes of a home by what they are, and one of them dead by SIGKILL.
import { childrenOf, isAlive } from './processes.ts';
import type { RealDaemon } from './real-daemon.ts';
import { until } from './until.ts';

export const victimKinds = ['daemon', 'spawner', 'tmux server', 'agent host', 'agent', 'step', 'wrapper'] as const;
export type VictimKind = (typeof victimKinds)[number];

const looks: readonly (readonly [VictimKind, RegExp])[] = [
  ['agent host', /agents\/host\/main\.js/],
  ['agent', /fake-agent\.mjs/],
  ['wrapper', /run-step\.pl|\[step wrapper\]/],
  // What the steps of the test are, and no helper of git or of the daemon.
  ['step', /^(\/bin\/)?(ba)?sh -c.*step-of-the-test/],
];

/** All of them but the daemon, with their pids. */
export async function victimsOf(daemon: RealDaemon): Promise<Map<VictimKind, number[]>> {
  const { home, tmux } = daemon;
  const found = new Map<VictimKind, number[]>();
  const spawner = spawnerOf(daemon);
  if (spawner !== undefined) found.set('spawner', [spawner]);
  const server = await tmux('display-message', '-p', '#{pid}').catch(() => undefined);
  if (server !== undefined) found.set('tmux server', [Number(server)]);
  for (const { pid, command } of home.processes()) {
    const kind = looks.find(([, look]) => look.test(command))?.[0];
    if (kind !== undefined) found.set(kind, [...(found.get(kind) ?? []), pid]);
  }
  return found;
}

/** What forks programs for the daemon; it comes with the first of them. Nothing of its home shows in it. */
export function spawnerOf({ pid }: RealDaemon): number | undefined {
  return childrenOf(pid).find(({ command }) => /\/spawner\.pl$/.test(command))?.pid;
}

export async function killOne(daemon: RealDaemon, kind: VictimKind, pid: number | undefined): Promise<void> {
  if (kind === 'daemon') {
    await daemon.kill();
    await daemon.again();
    return;
  }
  if (pid === undefined) throw new Error(`there is no ${kind} to kill`);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself in between, which is what it would have done anyway.
  }
  await until(`the ${kind} to be dead`, () => !isAlive(pid));
}
