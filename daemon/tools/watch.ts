// Watches a file by the folders that decide which file it is, so that a rename over it, an editor's swap, another target of a link on
// the way, or its first appearance is seen like a plain write. Raw fs.watch, not chokidar: that follows each link once and for all.
import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import { type DecidingFolder, decidingFolders } from './path-chain.ts';

export interface FileWatch {
  close(): void;
}

export interface WatchOptions {
  /** Quiet time after a change; asked for at each. */
  readonly debounceMs: () => number;
  /** A burst of changes is over. The content may still be what it was. */
  readonly onChange: () => void;
  /** A folder cannot be watched: a change there is not seen. */
  readonly onError: (error: Error) => void;
}

interface Armed {
  readonly watcher: FSWatcher;
  readonly inode: number;
  names: ReadonlySet<string>;
}

export function watchFile(path: string, { debounceMs, onChange, onError }: WatchOptions): FileWatch {
  const armed = new Map<string, Armed>();
  let timer: NodeJS.Timeout | undefined;

  const disarm = (folder: string): void => {
    armed.get(folder)?.watcher.close();
    armed.delete(folder);
  };
  const arm = (folder: string, { names, inode }: DecidingFolder): void => {
    const watcher = watch(folder, { persistent: false }, (kind, name) => {
      // The folder itself is told by its own name when it is moved or removed; then the watch is on what is no more.
      if (name === basename(folder)) disarm(folder);
      else if (name !== null && !armed.get(folder)?.names.has(name)) return;
      if (kind === 'rename') follow();
      clearTimeout(timer);
      timer = setTimeout(settled, debounceMs()).unref();
    });
    watcher.on('error', (error) => {
      disarm(folder);
      onError(error);
    });
    armed.set(folder, { watcher, inode, names });
  };
  /** Follows the path again, and keeps the watches that still count. */
  const follow = (): void => {
    try {
      const folders = decidingFolders(path);
      for (const [folder, { inode }] of armed) if (folders.get(folder)?.inode !== inode) disarm(folder);
      for (const [folder, found] of folders) {
        const known = armed.get(folder);
        if (known) known.names = found.names;
        else arm(folder, found);
      }
    } catch (error) {
      onError(error as Error);
    }
  };
  const settled = (): void => {
    // A folder that came in between is watched from here on, and read by whoever is called.
    follow();
    onChange();
  };
  follow();
  return {
    close() {
      clearTimeout(timer);
      for (const folder of armed.keys()) disarm(folder);
    },
  };
}
