// Small files, read and written at once where they lie near: that takes some microseconds, while each operation by way of the thread pool
// takes a hundred, of two cores. What may lie across a network goes that way, since nothing else would run while it is waited for.
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** As those of node:fs/promises. */
export const smallFiles = {
  read: async (path: string): Promise<string> => (isNear(path) ? readFileSync(path, 'utf8') : readFile(path, 'utf8')),
  stat: async (path: string): Promise<Stats> => (isNear(path) ? statSync(path) : stat(path)),
  /** Of a link itself. */
  linkStat: async (path: string): Promise<Stats> => (isNear(path) ? lstatSync(path) : lstat(path)),
  names: async (path: string): Promise<string[]> => (isNear(path) ? readdirSync(path) : readdir(path)),
  target: async (path: string): Promise<string> => (isNear(path) ? readlinkSync(path) : readlink(path)),
  write: async (path: string, text: string): Promise<void> => (isNear(path) ? writeFileSync(path, text) : writeFile(path, text)),
  move: async (path: string, to: string): Promise<void> => (isNear(path) ? renameSync(path, to) : rename(path, to)),
  remove: async (path: string): Promise<void> => (isNear(path) ? rmSync(path) : rm(path)),
  async makeFolder(path: string): Promise<void> {
    if (!isNear(path)) return mkdir(path);
    mkdirSync(path);
    // What is new lies where its parent does.
    known.set(path, true);
  },
} as const;

/** File systems of this machine alone, as statfs(2) numbers them. */
const nearTypes = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6], // ext, xfs, btrfs, tmpfs, ramfs
  ...[0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e], // overlay, f2fs, zfs, bcachefs
]);
const knownAtMost = 2_000;
const known = new Map<string, boolean>();

/** False until the folder of the file has been looked at, which this begins. */
function isNear(path: string): boolean {
  const folder = dirname(path);
  const near = known.get(folder);
  if (near === undefined) look(folder);
  return near === true;
}

function look(folder: string): void {
  if (known.size >= knownAtMost) known.clear();
  // Until it answers, which a network may never do.
  known.set(folder, false);
  statfs(folder).then(
    ({ type }) => known.set(folder, nearTypes.has(type)),
    // It may come.
    () => known.delete(folder),
  );
}
