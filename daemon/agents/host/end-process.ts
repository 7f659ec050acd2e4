import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const stdinMs = 2_000;
const termMs = 3_000;

/** Its input ends, then it is asked, then it and all that it started are killed. Resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<true>((resolve) => child.once('exit', () => resolve(true)));
  const within = (ms: number): Promise<boolean> => Promise.race([exited, delay(ms, false, { ref: true })]);
  child.stdin?.end();
  if (!(await within(stdinMs))) {
    signalGroup(child.pid, 'SIGTERM');
    if (!(await within(termMs))) signalGroup(child.pid, 'SIGKILL');
    await exited;
  }
  // What it left in the background.
  signalGroup(child.pid, 'SIGKILL');
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
