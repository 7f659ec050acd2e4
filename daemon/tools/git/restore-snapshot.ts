// Brings a worktree back from its snapshot: HEAD, branch, index, notes of git, and every file with its bytes and permissions.
import { chmod, lstat, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { findAdminEntry, isAbsence, readText } from './git-files.ts';
import { hashFiles, quietEnv, readBlobs, readTree, type TreeEntry } from './objects.ts';
import { branchCheckedOutAt, branchCommit } from './refs.ts';
import type { Repository } from './repository.ts';
import { undoAddition } from './roll-back-worktree.ts';
import { bulkMs, type RunGit } from './run-git.ts';
import { type FoundSnapshot, indexFile, notesFolder, readSnapshot, type SnapshotManifest } from './snapshot-manifest.ts';

/** While it is set, the worktree is not whole yet, or the daemon does not know it yet. */
const lockReason = 'coppice restores it';

export interface RestoreSnapshot {
  readonly repo: Repository;
  readonly ref: string;
}

/**
 * All or nothing: a failure leaves no directory, no record in git and no new branch. The worktree comes back locked, until the caller
 * has it on record (`unlockRestored`): one that is found locked by us later is half-made or unknown, and is taken back first.
 */
export async function restoreSnapshot(git: RunGit, { repo, ref }: RestoreSnapshot): Promise<SnapshotManifest> {
  const found = await readSnapshot(git, repo, ref);
  if (!found) {
    throw new Failure('PRECONDITION', `The reference "${ref}" that held the work is gone from "${repo.mainCheckout}".`, {
      details: { reason: 'snapshot_missing', ref },
    });
  }
  const { manifest } = found;
  await clearPlace(git, repo, manifest);
  const isNewBranch = await checkBranch(git, repo, manifest);
  const { path, branch, branchTip } = manifest;
  try {
    if (isNewBranch && branchTip !== undefined) await createBranch(git, repo, manifest, branchTip);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const start = manifest.head ?? found.commit;
    const add = ['worktree', 'add', '-q', '--no-checkout', '--detach', '--lock', '--reason', lockReason, path, start];
    await git.write(repo.mainCheckout, add, {}, quietEnv);
    await fill(git, repo, found);
  } catch (error) {
    await undoAddition(git, { repo, path, ...(isNewBranch && { branch, expectedCommit: branchTip }) });
    throw error;
  }
  return manifest;
}

/** False when it was not locked by a restore. */
export async function unlockRestored(git: RunGit, repo: Repository, path: string): Promise<boolean> {
  if (!(await isLockedByRestore(repo, path))) return false;
  await git.write(repo.mainCheckout, ['worktree', 'unlock', path]);
  return true;
}

export async function isLockedByRestore(repo: Repository, path: string): Promise<boolean> {
  const entry = await findAdminEntry(repo.gitCommonDir, path);
  return entry !== undefined && (await readText(join(entry.adminDir, 'locked')))?.trim() === lockReason;
}

async function clearPlace(git: RunGit, repo: Repository, { path }: SnapshotManifest): Promise<void> {
  const isTaken = await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isAbsence(error)) return false;
      throw error;
    },
  );
  if (await isLockedByRestore(repo, path)) return undoAddition(git, { repo, path });
  if (!isTaken) return;
  throw new Failure('ALREADY_EXISTS', `"${path}" is taken by something else; move it away, then restore again.`, {
    details: { entity: 'path', path },
  });
}

/** True when the branch has to be made. */
async function checkBranch(git: RunGit, repo: Repository, { branch, branchTip }: SnapshotManifest): Promise<boolean> {
  if (branchTip === undefined) return false;
  const now = await branchCommit(git, repo, branch);
  if (now === undefined) return true;
  if (now !== branchTip) {
    throw new Failure('CONFLICT', `The branch "${branch}" exists at another commit; rename it, then restore again.`, {
      details: { branch, expected: branchTip, actual: now },
    });
  }
  const at = await branchCheckedOutAt(git, repo, branch);
  if (at === undefined) return false;
  throw new Failure('ALREADY_EXISTS', `The branch "${branch}" is checked out at "${at}"; switch that one to another branch first.`, {
    details: { entity: 'branch', branch, checkedOutAt: at },
  });
}

async function createBranch(git: RunGit, repo: Repository, { branch, branchConfig }: SnapshotManifest, tip: string): Promise<void> {
  await git.write(repo.mainCheckout, ['update-ref', `refs/heads/${branch}`, tip, '0'.repeat(tip.length)], {}, quietEnv);
  for (const [key, value] of branchConfig) await git.write(repo.mainCheckout, ['config', '--local', '--add', key, value]);
}

async function fill(git: RunGit, repo: Repository, { commit, about, manifest }: FoundSnapshot): Promise<void> {
  const { path } = manifest;
  const entry = await findAdminEntry(repo.gitCommonDir, path);
  if (!entry) throw new Error(`git made no entry for "${path}"`);
  await attachHead(git, repo, manifest);
  await writeNotes(git, path, entry.adminDir, { about, manifest });
  const tree = await readTree(git, path, commit);
  const filtered = new Set(manifest.filtered);
  const modes = new Map(manifest.files.map((file) => [file.path, Number.parseInt(file.mode, 8)]));
  const plain = tree.filter(({ mode, path: name }) => mode.startsWith('100') && !filtered.has(name));
  await makeFolders(path, tree);
  await readBlobs(git, path, plain, (file, pieces) =>
    writePieces(join(path, file.path), pieces, modes.get(file.path) ?? (file.mode === '100755' ? 0o755 : 0o644)),
  );
  await readBlobs(
    git,
    path,
    tree.filter(({ mode }) => mode === '120000'),
    async (link, pieces) => symlink(await textOf(pieces), join(path, link.path)),
  );
  await checkOutRest(git, path, manifest, modes);
  await verify(git, path, plain);
  // The index knows the old files by inode and time; 1: some differ from it, as they did.
  await git.write(path, ['update-index', '-q', '--refresh'], { okExitCodes: [0, 1], timeoutMs: bulkMs }, quietEnv);
}

/** Onto the branch that was checked out, unless it has moved or is taken: the commit is the same either way. */
async function attachHead(git: RunGit, repo: Repository, { path, head, headBranch }: SnapshotManifest): Promise<void> {
  if (headBranch === undefined) return;
  const isFree = (await branchCheckedOutAt(git, repo, headBranch)) === undefined;
  if (isFree && (await branchCommit(git, repo, headBranch)) === head) {
    await git.write(path, ['symbolic-ref', 'HEAD', `refs/heads/${headBranch}`], {}, quietEnv);
  }
}

async function writeNotes(
  git: RunGit,
  cwd: string,
  adminDir: string,
  { about, manifest }: { about: string; manifest: SnapshotManifest },
): Promise<void> {
  // Git copies these from the main checkout; what the worktree had comes from the notes.
  await Promise.all(['config.worktree', 'info/sparse-checkout'].map((name) => rm(join(adminDir, name), { force: true })));
  const entries = (await readTree(git, cwd, about)).filter(({ path }) => path === indexFile || path.startsWith(notesFolder));
  const placed = entries.map(({ id, mode, path }) => ({ id, mode, path: path === indexFile ? path : path.slice(notesFolder.length) }));
  await makeFolders(adminDir, placed);
  await readBlobs(git, cwd, placed, async (file, pieces) => {
    const target = join(adminDir, file.path);
    if (file.path !== 'config.worktree') return writePieces(target, pieces, 0o644);
    // It names its own directory, which may have got another name.
    await writeFile(target, (await textOf(pieces)).replaceAll(`${manifest.adminDir}/`, `${adminDir}/`));
  });
}

async function makeFolders(root: string, entries: readonly TreeEntry[]): Promise<void> {
  const folders = new Set(entries.map(({ mode, path }) => (mode === '160000' ? path : dirname(path))));
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
}

async function writePieces(target: string, pieces: AsyncIterable<Buffer>, mode: number): Promise<void> {
  const file = await open(target, 'w', 0o600);
  try {
    for await (const piece of pieces) await file.writeFile(piece);
  } finally {
    await file.close();
  }
  await chmod(target, mode);
}

async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString('utf8');
}

/** What git holds in another form than the disk: files behind a filter, and submodules. */
async function checkOutRest(git: RunGit, path: string, manifest: SnapshotManifest, modes: ReadonlyMap<string, number>): Promise<void> {
  const { filtered, submodules } = manifest;
  if (filtered.length > 0) {
    const input = filtered.map((name) => `${name}\0`).join('');
    await git.write(path, ['checkout-index', '-z', '--force', '--stdin'], { input, timeoutMs: bulkMs }, quietEnv);
    for (const name of filtered) {
      const mode = modes.get(name);
      if (mode !== undefined) await chmod(join(path, name), mode);
    }
  }
  if (submodules.length === 0) return;
  await git.write(path, ['submodule', '--quiet', 'update', '--init', '--recursive', '--', ...submodules], { timeoutMs: bulkMs });
}

/** The reference goes after this, so what is on the disk is read once more. */
async function verify(git: RunGit, path: string, files: readonly TreeEntry[]): Promise<void> {
  const ids = await hashFiles(
    git,
    path,
    files.map((file) => file.path),
    false,
  );
  const wrong = files.find(({ id }, at) => ids[at] !== id);
  if (wrong)
    throw new Failure('TOOL_FAILED', `"${wrong.path}" was not restored as it was saved; restore again.`, { details: { tool: 'git' } });
}
