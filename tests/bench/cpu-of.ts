// What processes have used of the processors, as the kernel counts it.
import { readFileSync } from 'node:fs';

const msPerTick = 10;

/** Of living processes and of their children that have ended and were waited for, in milliseconds; one that is gone counts no more. */
export function cpuMsOf(pids: Iterable<number>): number {
  let ticks = 0;
  for (const pid of pids) ticks += ticksOf(pid);
  return ticks * msPerTick;
}

function ticksOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  } catch {
    return 0;
  }
}
