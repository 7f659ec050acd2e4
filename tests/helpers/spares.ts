// Spare worktrees as one sees them from outside.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RealDaemon } from './real-daemon.ts';
import { until } from './until.ts';

/** The spares of the repository "repo", ready or not. */
export function sparesOf({ home }: RealDaemon): string[] {
  const folder = join(home.worktreesDir, 'repo');
  return namesIn(folder)
    .filter((name) => name.startsWith('.coppice-spare-'))
    .map((name) => join(folder, name));
}

/** Waits until so many are ready, and no other is there; answers them. */
export function sparesReady(daemon: RealDaemon, count: number): Promise<string[]> {
  return until(`${count} spare worktrees to be ready`, async () => {
    const { gauges } = await daemon.client.daemon.metrics();
    const found = sparesOf(daemon);
    return gauges.spare_worktrees === count && found.length === count && found;
  });
}

/** Which folder it is, wherever it was moved. */
export function identityOf(path: string): number {
  return statSync(path).ino;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
