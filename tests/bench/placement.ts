// Where processes run. On a quiet machine a round trip is mostly the waking of the other side, and takes three times as long to another
// core as to the same one: left to itself, the kernel decides who looks fast.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * `apart`: the client on one core, the servers on another; both sides of such a row cross over. `one`: all on one, for a row whose raw
 * limit has no other side: what is compared is the work, which no two of them do at the same time.
 */
export type Cores = 'apart' | 'one';

/** Puts this process and the servers there, until the returned function is called. Without taskset or a second core they stay. */
export function place(cores: Cores, servers: readonly number[]): () => void {
  const before = new Map([process.pid, ...servers].map((pid) => [pid, coresOf(pid)]));
  const [first, second] = listed(before.get(process.pid) ?? '');
  if (first === undefined || second === undefined) return () => {};
  try {
    putOn(process.pid, `${first}`);
    for (const pid of servers) putOn(pid, `${cores === 'apart' ? second : first}`);
  } catch {
    process.stderr.write('taskset is missing: the kernel chooses the cores, and round trips of one call may mean little\n');
    return () => {};
  }
  return () => {
    for (const [pid, listed] of before) putOn(pid, listed);
  };
}

function putOn(pid: number, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, `${pid}`], { stdio: 'ignore' });
}

function coresOf(pid: number): string {
  return /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

/** `0-2,5` is 0, 1, 2 and 5. */
function listed(cores: string): number[] {
  return cores.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}
