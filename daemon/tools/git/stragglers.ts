// A git that is cancelled dies alone: its own children (the checkout, a clone, a hook) live on and write into what is being taken back.
// They carry a mark in their environment, by which they are found and ended.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const variable = 'COPPICE_ADDS_WORKTREE';
const pauseMs = 10;
const politeRounds = 100;
const roundsAtMost = 200;

/** The environment of a git whose children can be found again. */
export function markOf(path: string): Readonly<Record<string, string>> {
  return { [variable]: path };
}

/**
 * Ends every process that carries the mark of this path, by SIGTERM first: a git that is killed leaves its lock files. Where there is
 * no /proc, none is found.
 */
export async function endStragglers(path: string): Promise<void> {
  const mark = `\0${variable}=${path}\0`;
  // Again, until none is left: one may have started another meanwhile.
  for (let round = 0; round < roundsAtMost; round++) {
    const pids = await findMarked(mark);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid, round < politeRounds ? 'SIGTERM' : 'SIGKILL');
    await setTimeout(pauseMs);
  }
}

async function findMarked(mark: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const found: number[] = [];
  for (const name of names.filter((each) => /^\d+$/.test(each))) {
    // Empty for a dead process, unreadable for one of somebody else. The first variable has no NUL before it.
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (`\0${environment}`.includes(mark)) found.push(Number(name));
  }
  return found;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
