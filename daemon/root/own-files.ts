// Whether the files that this daemon was started from are still those on disk.
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Answers a look that is true from when an upgrade, or its beginning, has put other files in their place. */
export function watchOwnFiles(packageRoot: string, program: string): () => boolean {
  const paths = [join(packageRoot, 'package.json'), program];
  const look = (): string => paths.map(printOf).join('\n');
  const atStart = look();
  return () => look() !== atStart;
}

function printOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'gone' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
