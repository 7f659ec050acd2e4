// Watches for a file by its directory, so that a rename over it, an editor's swap, or its first appearance is seen like a plain write.
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';

export interface FileWatch {
  close(): Promise<void>;
}

/** Calls back once a burst of changes is over; the debounce is asked for at each burst. */
export function watchFile(path: string, debounceMs: () => number, onChange: () => void): FileWatch {
  const name = basename(path);
  const watcher = watch(dirname(path), {
    ignoreInitial: true,
    depth: 0,
    // The folder itself, and this one file of it.
    ignored: (candidate, stats) => stats?.isFile() === true && basename(candidate) !== name,
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', (_, changed) => {
    if (basename(changed) !== name) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs()).unref();
  });
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** The text of a file, undefined when there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
