// Reading of files that other people wrote: absence is an answer (undefined), everything else that goes wrong is thrown.
import { realpathSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly inode: number;
}

/** Symbolic links are followed. A path that leads nowhere gives undefined. */
export interface FileReader {
  readDir(path: string): Promise<readonly string[] | undefined>;
  readFile(path: string): Promise<Uint8Array | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  realPath(path: string): Promise<string | undefined>;
}

export function createFileReader(): FileReader {
  return {
    readDir: (path) => unlessAbsent(readdir(path)),
    readFile: (path) => unlessAbsent(readFile(path)),
    realPath: (path) => unlessAbsent(realpath(path)),
    async stat(path) {
      const found = await unlessAbsent(stat(path));
      if (found === undefined) return undefined;
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
      return { kind, sizeBytes: found.size, modifiedMs: found.mtimeMs, changedMs: found.ctimeMs, inode: found.ino };
    },
  };
}

/** The path without links, as far as it exists; git tells paths only so. */
export function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(withoutLinks(parent), basename(path));
  }
}

/** Both absolute and without links: is the path the folder, or below it? */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
