// Git's own notes of one worktree: a merge or rebase that is under way, its references and log, its settings.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from './git-files.ts';
import { hashFiles } from './objects.ts';
import { listBytes, type RunGit } from './run-git.ts';

export interface Notes {
  readonly files: readonly { readonly path: string; readonly id: string }[];
  /** Every commit that they name. */
  readonly commits: readonly string[];
}

// Where it lies and what it has checked out is written anew; AUTO_MERGE names a tree that only shows how far a conflict got.
const writtenAnew = new Set(['gitdir', 'commondir', 'HEAD', 'index', 'locked', 'AUTO_MERGE', 'modules', 'reftable']);
const mostCommits = 1_000;

export async function readNotes(git: RunGit, worktreePath: string, adminDir: string): Promise<Notes> {
  const paths = await filesBelow(adminDir, '');
  const ids = await hashFiles(
    git,
    worktreePath,
    paths.map((path) => join(adminDir, path)),
    true,
  );
  const named = new Set<string>();
  for (const path of paths) {
    const text = await readFile(join(adminDir, path), 'latin1');
    for (const [id] of text.matchAll(/\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b/g)) if (!/^0+$/.test(id)) named.add(id);
  }
  // The newest entries of the log stand last.
  const commits = await commitsAmong(git, worktreePath, [...named].slice(-mostCommits));
  return { files: paths.map((path, at) => ({ path, id: ids[at] ?? '' })), commits };
}

async function filesBelow(adminDir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(adminDir, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsence(error)) return [];
    throw error;
  });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if ((folder === '' && writtenAnew.has(entry.name)) || entry.name.endsWith('.lock')) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(adminDir, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

async function commitsAmong(git: RunGit, cwd: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const input = ids.map((id) => `${id}^{commit}\n`).join('');
  const { stdout } = await git.read(cwd, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input, maxOutputBytes: listBytes });
  return [
    ...new Set(
      stdout
        .split('\n')
        .filter((line) => line.endsWith(' commit'))
        .map((line) => line.slice(0, line.indexOf(' '))),
    ),
  ];
}
