import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../schemas/limits.ts';

export interface Backup {
  readonly path: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
}

/** The newest first, as many as one wants to look at. */
export function listBackups(dir: string): Backup[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.db'))
    .flatMap(({ name }) => {
      const path = join(dir, name);
      // Somebody may have taken it away meanwhile.
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, sizeBytes: found.size, createdAt: Math.floor(found.mtimeMs) }] : [];
    })
    .sort((left, right) => right.createdAt - left.createdAt)
    .slice(0, limits.backupsShown);
}
