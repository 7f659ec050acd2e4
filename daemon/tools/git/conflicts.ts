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

/**
 * The files in which two commits conflict, by a merge in memory. What git writes on the way goes to the scratch directory: asking leaves
 * nothing in the repository.
 */
export async function conflictingFiles(git: RunGit, { repo, a, b, scratchPath, signal }: MergePair): Promise<string[]> {
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
  if (exitCode === 0) return [];
  // First the tree, then each file.
  const paths = stdout.split('\0').slice(1);
  return [...new Set(paths.filter((path) => path !== '').map((path) => withoutLabel(path, [a, b])))].sort();
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
