import { realpath } from 'node:fs/promises';
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';

/** A worktree by id, path, or branch; a branch that several projects have needs the project too. */
export async function resolveWorktree(store: Store, ref: string, projectId: string | undefined): Promise<WorktreeRecord> {
  const path = ref.startsWith('/') ? await realpath(ref).catch(() => ref) : ref;
  const direct = store.read((r) => r.worktrees.get(ref) ?? r.worktrees.byPath(path) ?? r.worktrees.byPath(ref));
  if (direct && direct.status !== 'removed') return direct;
  const onBranch = store
    .read((r) => r.worktrees.byBranch(ref))
    .filter((worktree) => projectId === undefined || worktree.projectId === projectId);
  if (onBranch.length > 1) {
    throw new Failure(
      'CONFLICT',
      `${onBranch.length} projects have a worktree on the branch "${ref}"; name the project, or the worktree's path.`,
      {
        details: { expected: 1, actual: onBranch.map((worktree) => worktree.path) },
      },
    );
  }
  if (onBranch[0]) return onBranch[0];
  const known = store.read((r) => r.worktrees.list(projectId === undefined ? {} : { projectId }, afterAllIds, 200));
  const suggestions = nearest(
    ref,
    known.map((worktree) => worktree.branch),
  );
  throw new Failure('NOT_FOUND', `There is no worktree "${ref}"; "coppice worktree list" shows them.`, {
    details: { entity: 'worktree', id: ref, suggestions },
  });
}
