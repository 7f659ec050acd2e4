// Saves all that a worktree holds under a reference, before it is removed: HEAD, index, files as they lie on the disk, and git's own
// notes of it. Nothing of the user's is changed: no index, stash, branch or checkout, and no hook runs.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { gitDirsOf } from './git-files.ts';
import { commitTree, hashFiles, quietEnv, type TreeEntry, writeBlob, writeTree } from './objects.ts';
import { branchCommit } from './refs.ts';
import type { Repository } from './repository.ts';
import { listBytes, type RunGit } from './run-git.ts';
import { countFiles, indexFile, manifestFile, notesFolder, placeOf, type SnapshotManifest } from './snapshot-manifest.ts';
import { isSameState, readWorkingState, type WorkingFile, type WorkingState } from './working-files.ts';
import { type Notes, readNotes } from './worktree-notes.ts';

export interface SaveSnapshot {
  readonly repo: Repository;
  readonly worktree: {
    readonly id: string;
    readonly path: string;
    readonly branch: string;
    readonly base: string;
    readonly baseCommit: string;
  };
  readonly ref: string;
  /** Ignored files to save too, relative to the worktree. */
  readonly ignored: readonly string[];
  /** What is reserved for the worktree, to be told again by the manifest. */
  readonly leases: SnapshotManifest['leases'];
  /** An empty directory for indexes of its own. */
  readonly scratchPath: string;
}

export interface SavedSnapshot {
  readonly commit: string;
  readonly files: number;
  /** Where the branch of the worktree stood; its commits are kept alive too. */
  readonly branchTip?: string;
}

const attempts = 3;

/** The proof that no repository lies inside is the caller's (repositories-inside.ts). */
export async function saveSnapshot(git: RunGit, wanted: SaveSnapshot): Promise<SavedSnapshot> {
  const { repo, worktree, ref, ignored, scratchPath } = wanted;
  for (let attempt = 1; ; attempt++) {
    const before = await readWorkingState(git, worktree.path, ignored);
    const saved = await save(git, wanted, before, join(scratchPath, String(attempt)));
    if (isSameState(before, await readWorkingState(git, worktree.path, ignored))) {
      await git.write(repo.mainCheckout, ['update-ref', ref, saved.commit], {}, quietEnv);
      return saved;
    }
    if (attempt < attempts) continue;
    throw new Failure('CONFLICT', `Files of "${worktree.path}" change while they are saved; end what writes them, then try again.`, {
      details: { path: worktree.path },
    });
  }
}

async function save(
  git: RunGit,
  { repo, worktree, ref, leases }: SaveSnapshot,
  state: WorkingState,
  scratch: string,
): Promise<SavedSnapshot> {
  const { path } = worktree;
  const { head, branch: headBranch } = state.status;
  const dirs = await gitDirsOf(path);
  if (!dirs) throw new Failure('NOT_FOUND', `"${path}" is not a git checkout.`, { details: { entity: 'worktree', id: path } });
  const [work, notes, branchTip] = await Promise.all([
    writeWorkTree(git, path, state, `${scratch}.work`),
    readNotes(git, path, dirs.gitDir),
    branchCommit(git, repo, worktree.branch),
  ]);
  const indexTree = await writeTree(git, path, `${scratch}.index`, { entries: staged(state) });
  const parents = head === undefined ? [] : [head];
  const index = await commitTree(git, path, { tree: indexTree, parents, message: 'coppice: index\n' });
  const manifest: SnapshotManifest = {
    version: 1,
    worktreeId: worktree.id,
    path,
    place: await placeOf(path),
    branch: worktree.branch,
    ...(branchTip === undefined ? {} : { branchTip }),
    branchConfig: await branchConfig(git, repo, worktree.branch),
    base: worktree.base,
    baseCommit: worktree.baseCommit,
    ...(head === undefined ? {} : { head }),
    ...(headBranch === undefined ? {} : { headBranch }),
    indexTree,
    adminDir: dirs.gitDir,
    filtered: work.filtered,
    submodules: work.submodules,
    ...describeFiles(state),
    leases,
  };
  // What the reference holds already stays reachable.
  const former = await git.read(path, ['rev-parse', '--verify', '--quiet', ref], { okExitCodes: [0, 1] });
  const tips = [...notes.commits, branchTip ?? '', former.stdout.trim()].filter((tip) => tip !== '');
  const about = await writeAbout(git, path, { manifest, notes, tips, state, indexPath: join(dirs.gitDir, 'index'), scratch });
  const message = `coppice: the worktree "${path}" on ${worktree.branch}\n`;
  const commit = await commitTree(git, path, { tree: work.tree, parents: [...parents, index, about], message });
  return { commit, files: countFiles(manifest), ...(branchTip === undefined ? {} : { branchTip }) };
}

/** One entry a path. Of a conflict that is our side; all sides are kept apart. */
function staged({ index }: WorkingState): TreeEntry[] {
  const byPath = new Map<string, TreeEntry & { stage: number }>();
  for (const entry of index) if (entry.stage === 0 || entry.stage === 2 || !byPath.has(entry.path)) byPath.set(entry.path, entry);
  return [...byPath.values()];
}

async function writeWorkTree(
  git: RunGit,
  cwd: string,
  state: WorkingState,
  indexPath: string,
): Promise<{ tree: string; filtered: string[]; submodules: string[] }> {
  const filtered = await unchangedBehindFilters(git, cwd, state);
  const plain = state.files.filter(({ path, isLink }) => !isLink && !filtered.has(path));
  const ids = await hashFiles(
    git,
    cwd,
    plain.map(({ path }) => path),
    true,
  );
  const entries = [
    ...plain.map((file, at) => ({ mode: file.mode & 0o100 ? '100755' : '100644', id: ids[at] ?? '', path: file.path })),
    ...filtered.values(),
    ...state.links.filter(({ stage }) => stage === 0),
  ];
  const links = state.files.filter(({ isLink }) => isLink).map(({ path }) => path);
  const tree = await writeTree(git, cwd, indexPath, { entries, links });
  const there = await Promise.all(state.links.map(async ({ path }) => ((await gitDirsOf(join(cwd, path))) ? [path] : [])));
  return { tree, filtered: [...filtered.keys()], submodules: [...new Set(there.flat())] };
}

/** Git has these in the form that the filter gave them; as they lie on the disk they may be gigabytes that lie elsewhere already. */
async function unchangedBehindFilters(git: RunGit, cwd: string, { status, index, files }: WorkingState): Promise<Map<string, TreeEntry>> {
  const changed = new Set([...status.unstaged.map(({ path }) => path), ...status.conflicted]);
  const regular = new Set(files.filter(({ isLink }) => !isLink).map(({ path }) => path));
  const candidates = index.filter(({ tag, path, mode }) => tag === 'H' && mode !== '120000' && regular.has(path) && !changed.has(path));
  const input = candidates.map(({ path }) => `${path}\0`).join('');
  if (input === '') return new Map();
  const { stdout } = await git.read(cwd, ['check-attr', '-z', '--stdin', 'filter'], { input, maxOutputBytes: listBytes });
  const fields = stdout.split('\0');
  const isFiltered = new Set<string>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    if (fields[at + 2] !== 'unspecified' && fields[at + 2] !== 'unset') isFiltered.add(fields[at] ?? '');
  }
  return new Map(candidates.filter(({ path }) => isFiltered.has(path)).map((entry) => [entry.path, entry]));
}

function describeFiles({ status, index, files }: WorkingState): Pick<SnapshotManifest, 'files' | 'deleted'> {
  const changed = new Set([...status.staged, ...status.unstaged].map(({ path }) => path).concat(status.conflicted));
  const isCommitted = ({ kind, path }: WorkingFile): boolean => kind === 'tracked' && !changed.has(path);
  const there = new Set(files.map(({ path }) => path));
  return {
    files: files
      .map((file) => ({ file, committed: isCommitted(file) }))
      .filter(({ file, committed }) => !committed || (!file.isLink && file.mode !== 0o644 && file.mode !== 0o755))
      .map(({ file, committed }) => ({
        path: file.path,
        mode: file.mode.toString(8).padStart(4, '0'),
        ignored: file.kind === 'ignored',
        committed,
      })),
    deleted: [...new Set(index.map(({ path }) => path))].filter((path) => changed.has(path) && !there.has(path)),
  };
}

interface About {
  readonly manifest: SnapshotManifest;
  readonly notes: Notes;
  /** Commits to keep alive. */
  readonly tips: readonly string[];
  readonly state: WorkingState;
  readonly indexPath: string;
  readonly scratch: string;
}

async function writeAbout(git: RunGit, cwd: string, { manifest, notes, tips, state, indexPath, scratch }: About): Promise<string> {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  const [manifestId, [indexId]] = await Promise.all([
    writeBlob(git, cwd, text),
    hasFile(indexPath).then((is) => hashFiles(git, cwd, is ? [indexPath] : [], true)),
  ]);
  const file = (path: string, id: string): TreeEntry => ({ mode: '100644', id, path });
  const conflicts = state.index.filter(({ stage }) => stage > 0);
  const entries = [
    file(manifestFile, manifestId),
    ...(indexId === undefined ? [] : [file(indexFile, indexId)]),
    ...notes.files.map(({ path, id }) => file(`${notesFolder}${path}`, id)),
    ...conflicts.map(({ mode, id, stage, path }) => ({ mode, id, path: `stages/${stage}/${path}` })),
  ];
  const tree = await writeTree(git, cwd, `${scratch}.about`, { entries });
  return commitTree(git, cwd, { tree, parents: tips, message: 'coppice: manifest, index and notes\n' });
}

/** A new worktree on a branch without commits has no index yet. */
async function hasFile(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

async function branchConfig(git: RunGit, repo: Repository, branch: string): Promise<[string, string][]> {
  const { stdout } = await git.read(repo.mainCheckout, ['config', '--local', '--null', '--list']);
  return stdout
    .split('\0')
    .map((line): [string, string] => {
      const end = line.indexOf('\n');
      return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end + 1)];
    })
    .filter(([key]) => key.startsWith(`branch.${branch}.`) && !key.slice(`branch.${branch}.`.length).includes('.'));
}
