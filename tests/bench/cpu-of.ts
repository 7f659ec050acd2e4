// What processes have used of the processors, as the kernel counts it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const msPerTick = 10;
const nsPerMs = 1_000_000;

/** Of living processes and of their children that have ended and were waited for, in milliseconds; one that is gone counts no more. */
export function cpuMsOf(pids: Iterable<number>): number {
  // Such a kernel would look like one on which nothing costs anything.
  if (!existsSync('/proc/self/schedstat')) {
    throw new Error('This kernel does not count processor time (/proc/<pid>/schedstat); run the bench on one with CONFIG_SCHED_INFO.');
  }
  let ms = 0;
  for (const pid of pids) ms += msOf(pid);
  return ms;
}

/** Of its threads to the nanosecond: in ticks, three hundred processes that do next to nothing differ by a tenth from one look to the next. */
function msOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'));
    const ns = threads.reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
    return ns / nsPerMs + ticksOfChildren(pid) * msPerTick;
  } catch {
    return 0;
  }
}

function ticksOfChildren(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return [13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
}
