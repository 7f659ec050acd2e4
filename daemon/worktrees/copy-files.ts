// Brings untracked files of the main checkout into a new worktree. Nothing that is there is overwritten, and no link is followed out of
// either of the two.
import { constants, type Stats } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { isWithin } from '../tools/files.ts';
import type { CopyItem } from './copy-plan.ts';

export interface CopyPlace {
  readonly checkout: string;
  readonly worktree: string;
}

export interface Copied {
  /** What came, folders as one path. */
  readonly paths: readonly string[];
  /** Items that were left out, and why. */
  readonly refused: readonly { readonly item: CopyItem; readonly why: string }[];
}

export async function copyItems(place: CopyPlace, items: readonly CopyItem[]): Promise<Copied> {
  const paths: string[] = [];
  const refused: { item: CopyItem; why: string }[] = [];
  const budget = { files: limits.copyFiles };
  for (const item of items) {
    const outcome = await copyItem(place, item, budget);
    if (outcome === 'came') paths.push(item.path);
    else if (outcome !== 'there') refused.push({ item, why: outcome });
  }
  return { paths, refused };
}

type Outcome = 'came' | 'there' | `it ${string}`;

async function copyItem(place: CopyPlace, { path, mode }: CopyItem, budget: { files: number }): Promise<Outcome> {
  const source = join(place.checkout, path);
  const about = await statOf(source);
  if (!about) return 'it vanished meanwhile';
  const target = join(place.worktree, path);
  if (isWithin(place.worktree, source)) return 'it holds the worktree itself';
  if (!(await makeFolders(place, dirname(path)))) return 'it lies in a folder that is a link or a file in the worktree';
  if (await statOf(target)) return 'there';
  if (mode === 'copy') return copyTree(place, source, target, about, budget);
  if (!(await staysInside(place, source))) return 'it leads out of the project';
  await symlink(source, target);
  return 'came';
}

async function copyTree(place: CopyPlace, source: string, target: string, about: Stats, budget: { files: number }): Promise<Outcome> {
  budget.files -= 1;
  if (budget.files < 0) {
    throw new Failure(
      'LIMIT_EXCEEDED',
      `More than ${limits.copyFiles} files would be copied into a new worktree; narrow its copy patterns.`,
      {
        details: { limit: limits.copyFiles },
      },
    );
  }
  if (about.isSymbolicLink()) {
    if (!(await staysInside(place, source))) return 'it leads out of the project';
    await symlink(await readlink(source), target);
    return 'came';
  }
  if (about.isFile()) {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return 'came';
  }
  if (!about.isDirectory()) return 'it is neither a file nor a folder';
  await mkdir(target, { mode: 0o700 });
  for (const name of await readdir(source)) {
    const inner = await statOf(join(source, name));
    // A single thing inside that cannot come, like a socket, leaves out nothing but itself.
    if (inner) await copyTree(place, join(source, name), join(target, name), inner, budget);
  }
  await chmod(target, about.mode & 0o7777);
  return 'came';
}

/** A link, resolved, stays in the main checkout. A dangling one leads nowhere, so it does not. An absolute one names the checkout's file. */
async function staysInside({ checkout }: CopyPlace, path: string): Promise<boolean> {
  const [real, root] = await Promise.all([realpath(path).catch(() => undefined), realpath(checkout)]);
  if (real === undefined || !isWithin(real, root)) return false;
  const text = await readlink(path).catch(() => '');
  return isAbsolute(text) || isWithin(join(dirname(path), text), checkout);
}

/** The folders that a file stands in, with the modes of the originals. False when one of them is something else in the worktree. */
async function makeFolders({ checkout, worktree }: CopyPlace, folder: string): Promise<boolean> {
  let at = '';
  for (const name of folder === '.' ? [] : folder.split('/')) {
    at = join(at, name);
    const there = await statOf(join(worktree, at));
    if (there && !there.isDirectory()) return false;
    if (there) continue;
    const original = await lstat(join(checkout, at));
    await mkdir(join(worktree, at));
    await chmod(join(worktree, at), original.mode & 0o7777);
  }
  return true;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
