// Every process that is forked below some processes, as the kernel tells it in that moment: a look at /proc would miss those that are gone.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const program = fileURLToPath(new URL('./fork-watch.pl', import.meta.url));

export interface Fork {
  readonly parent: number;
  readonly child: number;
}

export interface ForkWatch extends AsyncDisposable {
  /** All forks so far; those of this moment are among them. */
  soFar(): Promise<readonly Fork[]>;
}

/** Throws where the kernel tells nobody, or not this user. */
export async function watchForks(pids: readonly number[]): Promise<ForkWatch> {
  // A process of our own below which we fork something, to know that all before it was told.
  const watcher = spawn('perl', [program, String(process.pid), ...pids.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const forks: Fork[] = [];
  const own = new Set<number>();
  let said = '';
  let isReady = false;
  let isLost = false;
  let isOver = false;
  watcher.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  watcher.once('exit', () => {
    isOver = true;
  });
  createInterface({ input: watcher.stdout }).on('line', (line) => {
    if (line === 'ready') isReady = true;
    else if (line === 'lost') isLost = true;
    else {
      const [parent = 0, child = 0] = line.split(' ').map(Number);
      if (parent === process.pid || own.has(parent)) own.add(child);
      else forks.push({ parent, child });
    }
  });
  await until('the watch on forks', () => isReady || isOver);
  if (!isReady) throw new Error(`forks can not be counted here: ${said.trim()}`);
  return {
    async soFar() {
      const mark = spawn('true', { stdio: 'ignore' });
      await until('the forks of this moment to be told', () => isOver || (mark.pid !== undefined && own.has(mark.pid)));
      if (isOver) throw new Error(`the watch on forks ended: ${said.trim()}`);
      if (isLost) throw new Error('the kernel dropped events, so that forks can not be counted');
      return [...forks];
    },
    async [Symbol.asyncDispose]() {
      watcher.kill('SIGKILL');
      await until('the watch on forks to end', () => isOver);
    },
  };
}
