import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from './repository.ts';
import { bulkMs, listBytes, type RunGit } from './run-git.ts';

export interface MergePair {
  readonly repo: Repository;
  /** Commits. */
  readonly a: string;
  readonly b: string;
  /** An existing directory for the objects that a trial makes. */
  readonly scratchPath: string;
  readonly signal?: AbortSignal | undefined;
}

interface Trial {
  /** What the merge gives; with conflict marks where there are files. */
  readonly tree: string;
  readonly files: string[];
}

/** The files in which two commits conflict. */
export async function conflictingFiles(git: RunGit, pair: MergePair): Promise<string[]> {
  return (await tryMerge(git, pair)).files;
}

/** Whether `b` has all that `a` brings, if only as copies: by a squash, a rebase or a cherry-pick. */
export async function addsNothing(git: RunGit, pair: MergePair): Promise<boolean> {
  const { tree, files } = await tryMerge(git, pair);
  return (
    files.length === 0 && tree === (await git.read(pair.repo.mainCheckout, ['rev-parse', '--verify', `${pair.b}^{tree}`])).stdout.trim()
  );
}

/** A merge in memory. What git writes on the way goes to the scratch directory: asking leaves nothing in the repository. */
async function tryMerge(git: RunGit, { repo, a, b, scratchPath, signal }: MergePair): Promise<Trial> {
  const objects = join(scratchPath, 'objects');
  await mkdir(objects, { recursive: true });
  const env = {
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: asAlternate(join(repo.gitCommonDir, 'objects')),
    GIT_OPTIONAL_LOCKS: '0',
  };
  const args = ['merge-tree', '--write-tree', '--allow-unrelated-histories', '--name-only', '--no-messages', '-z', a, b];
  const options = { okExitCodes: [0, 1], timeoutMs: bulkMs, maxOutputBytes: listBytes, signal };
  const { stdout, exitCode } = await git.write(repo.mainCheckout, args, options, env);
  // First the tree, then each file.
  const [tree = '', ...paths] = stdout.split('\0');
  if (exitCode === 0) return { tree, files: [] };
  const files = [...new Set(paths.filter((path) => path !== '').map((path) => withoutLabel(path, [a, b])))].sort();
  return { tree, files };
}

/** Where a file stands in the way of a folder, git moves it aside to a name with the side that it came from. */
export function withoutLabel(path: string, labels: readonly string[]): string {
  const label = labels.find((each) => path.replace(/_\d+$/, '').endsWith(`~${each}`));
  return label === undefined ? path : path.slice(0, path.lastIndexOf(`~${label}`));
}

/** The list of alternates is separated by colons; what begins with a quote is read as a quoted path. */
function asAlternate(path: string): string {
  if (!/[":\n\\]/.test(path)) return path;
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
