import { realpath } from 'node:fs/promises';
import { limits } from '../../schemas/limits.ts';
import { isoTime } from '../kernel/clock.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { checkMessage } from '../tools/git/commit.ts';
import { resolveWorktree } from '../worktrees/resolve.ts';
import { worktreeView } from '../worktrees/view.ts';
import type { Services } from './services.ts';

export function worktreeHandlers({ store, projects, worktrees, git }: Services): HandlersOf<'worktree'> {
  const find = async (ref: string, project: string | undefined) =>
    resolveWorktree(store, ref, project === undefined ? undefined : (await projects.resolve(project)).id);
  return {
    'worktree.create': async ({ project, branch, base }, call) => {
      const spec = { project: await projects.resolve(project), branch, base, allowExistingBranch: true };
      return worktreeView(await worktrees.create(spec, originOf(call)));
    },
    'worktree.list': async ({ project, cursor, limit }) => {
      const owner = project === undefined ? undefined : await projects.resolve(project);
      const found = store.read((r) => r.worktrees.list(owner ? { projectId: owner.id } : {}, cursor ?? afterAllIds, limit + 1));
      const { rows, nextCursor } = pageOf(found, limit);
      const listed = owner && cursor === undefined ? await git.listWorktrees(repositoryOf(owner)) : [];
      const isOrphan = (path: string): boolean => !worktrees.isTemporary(path) && store.read((r) => r.worktrees.byPath(path)) === undefined;
      const orphans = listed.filter(({ path, isMain }) => !isMain && isOrphan(path));
      return {
        worktrees: rows.map(worktreeView),
        ...(nextCursor === undefined ? {} : { nextCursor }),
        orphans: orphans.map(({ path, branch }) => ({ path, ...(branch === undefined ? {} : { branch }) })),
      };
    },
    'worktree.get': async ({ worktree, project }) => {
      const record = await find(worktree, project);
      const isThere = await realpath(record.path).then(
        () => true,
        () => false,
      );
      if (!isThere) return { ...worktreeView(record), status: 'missing' };
      const { head, clean } = await git.status(record.path);
      const ahead = head === undefined ? undefined : await git.countCommits({ cwd: record.path, base: record.baseCommit, tip: head });
      return { ...worktreeView(record), clean, ...(head === undefined ? {} : { head }), ...(ahead === undefined ? {} : { ahead }) };
    },
    'worktree.diff': async ({ worktree, project, patch }) => {
      const { path, baseCommit } = await find(worktree, project);
      return git.diff({ worktreePath: path, baseCommit, patch, maxPatchBytes: limits.diffPatchBytes });
    },
    'worktree.adopt': async ({ path }, call) => worktreeView(await worktrees.adopt(path, originOf(call))),
    'worktree.commit': async ({ worktree, project, ...wanted }, call) =>
      worktrees.commit(await find(worktree, project), wanted, originOf(call)),
    'worktree.merge': async ({ worktree, project, ...wanted }, call) => {
      if (wanted.message !== undefined) checkMessage(wanted.message);
      return worktrees.merge(await find(worktree, project), wanted, originOf(call));
    },
    'worktree.predictConflicts': async ({ project, branches }, call) =>
      worktrees.predict(await projects.resolve(project), branches, call.signal),
    'worktree.openPullRequest': async ({ worktree, project, ...wanted }, call) =>
      worktrees.openPullRequest(await find(worktree, project), wanted, originOf(call)),
    'worktree.listRemoved': async ({ project, cursor, limit }) => {
      const filter = project === undefined ? {} : { projectId: (await projects.resolve(project)).id };
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.removedWorktrees.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      const removed = rows.map((row) => ({ ...row, removedAt: isoTime(row.removedAt) }));
      return { removed, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'worktree.restore': ({ id }, call) => worktrees.restore(id, originOf(call)),
    'worktree.remove': async ({ worktree, project, ...options }, call) =>
      worktrees.remove(await find(worktree, project), options, originOf(call)),
  };
}
