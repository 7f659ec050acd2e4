// `existing: reuse`: a session takes the worktree that its branch has already, unless another one works in it.
import { Failure } from '../../schemas/errors.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Reader, Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import { sessionSubject } from './transitions.ts';

/** The worktree of a branch, now the session's too; undefined when the branch has none. */
export function takeWorktree(store: Store, session: SessionRecord, branch: string, now: number): Promise<WorktreeRecord | undefined> {
  return store.write((w) => {
    const worktree = w.worktrees.byProjectAndBranch(session.projectId, branch);
    if (!worktree) return undefined;
    refuseUsed(w, worktree, session.id);
    w.sessions.change(session.id, { worktreeId: worktree.id, branch });
    w.sessions.setData(session.id, 'branch_name', branch, now);
    const data = { key: 'branch_name', value: branch };
    w.events.append({ type: 'session.dataSet', subject: sessionSubject(session), actor: byDaemon.actor, data });
    return worktree;
  });
}

export function assertUnused(store: Store, worktree: WorktreeRecord): void {
  store.read((r) => refuseUsed(r, worktree, undefined));
}

function refuseUsed(r: Reader, worktree: WorktreeRecord, sessionId: string | undefined): void {
  const details = { entity: 'worktree', id: worktree.id, path: worktree.path };
  if (worktree.status === 'creating') {
    const maker = worktree.sessionId === undefined ? undefined : r.sessions.get(worktree.sessionId)?.slug;
    const who =
      maker === undefined
        ? 'is being made; start again when it is there'
        : `is being made by session "${maker}"; wait for its end, or cancel it`;
    throw new Failure('ALREADY_EXISTS', `The worktree "${worktree.path}" ${who}.`, { details });
  }
  if (worktree.status !== 'present') {
    throw new Failure('PRECONDITION', `The worktree "${worktree.path}" is ${worktree.status}; remove it first, or take another branch.`, {
      details: { ...details, reason: 'worktree_not_present' },
    });
  }
  const user = r.sessions.activeInWorktree(worktree.id).find(({ id }) => id !== sessionId);
  if (!user) return;
  throw new Failure('ALREADY_EXISTS', `Session "${user.slug}" works in the worktree "${worktree.path}"; wait for its end, or cancel it.`, {
    details,
  });
}
