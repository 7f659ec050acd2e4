// The names on the way to a file that decide which file it is: each symbolic link, the first name that is missing, and the last one.
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface DecidingFolder {
  /** Names in it that lead to the file. */
  readonly names: Set<string>;
  readonly inode: number;
}

/** More links in a row are a loop. */
const linksAtMost = 40;

/** Folders by path. A change of one of the names in them may make the path lead to another file, or to none. */
export function decidingFolders(path: string): Map<string, DecidingFolder> {
  const folders = new Map<string, DecidingFolder>();
  const note = (folder: string, name: string): void => {
    const known = folders.get(folder);
    if (known) known.names.add(name);
    else folders.set(folder, { names: new Set([name]), inode: statSync(folder).ino });
  };
  let folder = '/';
  let links = 0;
  const names = namesIn(path);
  while (names.length > 0) {
    const name = names.shift() as string;
    const target = linkTarget(join(folder, name));
    if (target === undefined && names.length > 0) {
      folder = join(folder, name);
      continue;
    }
    note(folder, name);
    if (target === undefined || target === 'missing') break;
    links += 1;
    if (links > linksAtMost) break;
    names.unshift(...namesIn(target.to));
    if (target.to.startsWith('/')) folder = '/';
  }
  return folders;
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** Undefined for what is there and no link. */
function linkTarget(path: string): { readonly to: string } | 'missing' | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  return found.isSymbolicLink() ? { to: readlinkSync(path) } : undefined;
}
