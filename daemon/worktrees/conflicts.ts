// Which live branches of a project would conflict with each other, pair by pair.
import { Failure } from '../../schemas/errors.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { Git } from '../tools/git/git.ts';
import { withScratch } from './scratch.ts';

export interface Prediction {
  readonly branches: string[];
  readonly conflicts: { a: string; b: string; files: string[] }[];
}

export interface Conflicts {
  /** Default: all branches that have a worktree. */
  predict(project: ProjectRecord, branches: readonly string[] | undefined, signal?: AbortSignal): Promise<Prediction>;
  /** Whether `into` has all that the branch brings, if only as copies: by a squash, a rebase or a cherry-pick. */
  hasAllOf(project: ProjectRecord, branch: string, into: string): Promise<boolean>;
}

export interface ConflictsDeps {
  readonly store: Store;
  readonly git: Git;
  readonly root: () => string;
}

const branchesAtOnce = 50;
const trialsAtOnce = 2;
const trialsKept = 10_000;

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly tips: readonly [string, string];
}

export function createConflicts({ store, git, root }: ConflictsDeps): Conflicts {
  // Two commits merge the same way for ever, so nothing here grows old.
  const known = new Map<string, readonly string[]>();
  const remember = (key: string, files: readonly string[]): void => {
    known.set(key, files);
    const oldest = known.size > trialsKept ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  };
  const live = (project: ProjectRecord): string[] => {
    const rows = store.read((r) => r.worktrees.list({ projectId: project.id }, afterAllIds, branchesAtOnce + 1));
    if (rows.length <= branchesAtOnce) return rows.map(({ branch }) => branch);
    throw new Failure('LIMIT_EXCEEDED', `"${project.name}" has more than ${branchesAtOnce} worktrees; name the branches to compare.`, {
      details: { limit: branchesAtOnce },
    });
  };
  return {
    async predict(project, wanted, signal) {
      const repo = repositoryOf(project);
      const branches = [...new Set(wanted ?? live(project))];
      const tips = await Promise.all(branches.map((branch) => git.resolveCommit(repo, `refs/heads/${branch}`)));
      const pairs = branches.flatMap((a, at) =>
        branches.slice(at + 1).map((b, more): Pair => ({ a, b, tips: [tips[at] as string, tips[at + 1 + more] as string] })),
      );
      const unknown = pairs.filter(({ tips: [a, b] }) => a !== b && !known.has(`${a} ${b}`));
      if (unknown.length > 0) {
        await withScratch(root(), async (scratchPath) => {
          const worker = async (): Promise<void> => {
            for (let pair = unknown.pop(); pair; pair = unknown.pop()) {
              const [a, b] = pair.tips;
              signal?.throwIfAborted();
              remember(`${a} ${b}`, await git.conflictingFiles({ repo, a, b, scratchPath, signal }));
            }
          };
          // All have ended before the scratch directory goes, also when one failed.
          const ends = await Promise.allSettled(Array.from({ length: trialsAtOnce }, worker));
          for (const end of ends) if (end.status === 'rejected') throw end.reason;
        });
      }
      const conflicts = pairs.map(({ a, b, tips: [tipA, tipB] }) => ({ a, b, files: [...(known.get(`${tipA} ${tipB}`) ?? [])] }));
      return { branches, conflicts: conflicts.filter(({ files }) => files.length > 0) };
    },
    async hasAllOf(project, branch, into) {
      const repo = repositoryOf(project);
      const [a, b] = await Promise.all([branch, into].map((name) => git.resolveCommit(repo, `refs/heads/${name}`)));
      return withScratch(root(), (scratchPath) => git.addsNothing({ repo, a: a as string, b: b as string, scratchPath }));
    },
  };
}
