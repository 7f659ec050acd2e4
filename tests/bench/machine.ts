import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { packageRoot } from '../helpers/package-root.ts';

export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly git: string;
  readonly tmux: string;
  readonly commit: string;
  /** Processes that wanted to run in the minute before: more than none say that others work on this machine. */
  readonly load: number;
}

/** Before anything is measured, so that the load is that of others. */
export function describeMachine(): Environment {
  const tell = (program: string, ...words: string[]): string => {
    try {
      return execFileSync(program, words, { cwd: packageRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return 'unknown';
    }
  };
  const changed = tell('git', 'status', '--porcelain') === '' ? '' : ' with changes';
  return {
    date: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    git: tell('git', '--version'),
    tmux: tell('tmux', '-V'),
    commit: `${tell('git', 'rev-parse', '--short', 'HEAD')}${changed}`,
    load: Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100,
  };
}
