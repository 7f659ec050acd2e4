import { renameSync, writeFileSync } from 'node:fs';

/**
 * Readers see the file before or after, never half of it, and only its owner reads it. At once, so for small files in folders of the daemon's
 * own; what must outlive a power cut is written by writeOwnFile. `aside`: where it is until it is whole.
 */
export function writeWhole(path: string, text: string, aside = `${path}.new`): void {
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, path);
}
