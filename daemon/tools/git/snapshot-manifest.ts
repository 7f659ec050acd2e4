// What a snapshot of a worktree says of itself. The commit under the reference has the working state as its tree; its last parent holds
// this, the index file and git's own notes of the worktree.
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { Failure } from '../../../schemas/errors.ts';
import { Lease } from '../../../schemas/lease.ts';
import type { Repository } from './repository.ts';
import { listBytes, type RunGit } from './run-git.ts';

export const manifestFile = 'manifest.json';
/** The index file as it was, byte for byte. */
export const indexFile = 'index';
/** Below it lie the files of the worktree's own git directory. */
export const notesFolder = 'notes/';

const SnapshotManifest = z.object({
  version: z.literal(1),
  worktreeId: z.string(),
  path: z.string(),
  /** The directory itself (`placeOf`): another one at the same path is another worktree. */
  place: z.string(),
  /** The branch that the worktree is known by, where it stood, and its settings. */
  branch: z.string(),
  branchTip: z.string().optional(),
  branchConfig: z.array(z.tuple([z.string(), z.string()])),
  base: z.string(),
  baseCommit: z.string(),
  /** Absent on a branch without commits. */
  head: z.string().optional(),
  /** Absent while detached. */
  headBranch: z.string().optional(),
  indexTree: z.string(),
  adminDir: z.string(),
  /** Unchanged files that a filter such as Git LFS keeps in a form of its own: checked out, not copied. */
  filtered: z.array(z.string()),
  /** Submodules that were checked out, and can be again. */
  submodules: z.array(z.string()),
  /** What is not committed as it is, and what has other permissions than git would give it. */
  files: z.array(z.object({ path: z.string(), mode: z.string(), ignored: z.boolean(), committed: z.boolean() })),
  /** Tracked files that are gone from the disk. */
  deleted: z.array(z.string()),
  /** What was reserved for the worktree. */
  leases: z.array(Lease.pick({ kind: true, key: true, pool: true, value: true })).default([]),
});
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;

export interface FoundSnapshot {
  readonly commit: string;
  /** The commit of manifest, index and notes. */
  readonly about: string;
  readonly manifest: SnapshotManifest;
}

export async function placeOf(path: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
  return [dev, ino, birthtimeNs].join(' ');
}

/** Files saved beyond what is committed. */
export function countFiles({ files, deleted }: SnapshotManifest): number {
  return files.filter(({ committed }) => !committed).length + deleted.length;
}

/** Undefined when the reference does not exist. */
export async function readSnapshot(git: RunGit, repo: Repository, ref: string): Promise<FoundSnapshot | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const commit = (await git.read(repo.mainCheckout, args, { okExitCodes: [0, 1] })).stdout.trim();
  if (commit === '') return undefined;
  const parents = (await git.read(repo.mainCheckout, ['rev-parse', `${commit}^@`])).stdout.trim().split('\n');
  const about = parents.at(-1) ?? '';
  const { stdout } = await git.read(repo.mainCheckout, ['cat-file', 'blob', `${about}:${manifestFile}`], { maxOutputBytes: listBytes });
  const parsed = SnapshotManifest.safeParse(JSON.parse(stdout));
  if (parsed.success) return { commit, about, manifest: parsed.data };
  throw new Failure('PRECONDITION', `The snapshot "${ref}" was written by another version of coppice; its tree holds the files.`, {
    details: { reason: 'snapshot_unknown', ref },
  });
}
