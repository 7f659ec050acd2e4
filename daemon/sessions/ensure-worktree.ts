// The worktree of a session: the one it has, one that it may reuse, or a new one.
import { isFailure } from '../../schemas/errors.ts';
import { baseFor, branchFor, ownBranch, placeFor, reusesExisting, takesExistingBranch } from '../commands/branch.ts';
import type { TemplateLookup } from '../commands/template.ts';
import type { Clock } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { SessionContext } from './context.ts';
import { takeWorktree } from './reuse-worktree.ts';
import { sessionSubject } from './transitions.ts';

export interface EnsureWorktreeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly worktrees: Pick<WorktreeService, 'create' | 'placeOf'>;
  readonly git: Pick<Git, 'branchExists'>;
}

/** Sessions of one command that start in the same second. */
const ownNamesTried = 100;

export async function ensureWorktree(deps: EnsureWorktreeDeps, context: SessionContext): Promise<WorktreeRecord> {
  if (context.worktree && context.worktree.status !== 'removed') return context.worktree;
  const named = branchFor(context.definition, context.lookup);
  if (named !== undefined) return obtain(deps, context, named);
  const now = new Date(deps.clock.now());
  for (let number = 1; ; number++) {
    try {
      return await obtain(deps, context, ownBranch(context.definition.name, now, number));
    } catch (error) {
      if (!isFailure(error) || error.kind !== 'ALREADY_EXISTS' || error.details?.entity === 'path' || number >= ownNamesTried) throw error;
    }
  }
}

async function obtain(
  { store, clock, worktrees, git }: EnsureWorktreeDeps,
  context: SessionContext,
  branch: string,
): Promise<WorktreeRecord> {
  const { session, project, definition, lookup, pinned } = context;
  const { copy, mcpTemplate } = definition.worktree;
  const reuse = reusesExisting(definition, lookup);
  const reused = reuse ? await takeWorktree(store, session, branch, clock.now()) : undefined;
  if (reused) return reused;
  const allowExistingBranch = reuse || takesExistingBranch(definition);
  const exists = reuse && (await git.branchExists(repositoryOf(project), branch));
  // What exists is taken as it stands, wherever a new one would begin.
  const base = exists ? undefined : baseFor(definition, lookup);
  const place = placeFor(definition, withBranch(lookup, branch));
  const path = place === undefined ? undefined : worktrees.placeOf(project, place, pinned?.worktreesRoot);
  const wanted = { project, branch, base, allowExistingBranch, root: pinned?.worktreesRoot, copy, mcpTemplate, path };
  const worktree = await worktrees.create({ ...wanted, sessionId: session.id }, byDaemon).catch(async (error: unknown) => {
    // Another session was faster with the branch: its worktree is the one to reuse, or to be refused.
    const isTaken = reuse && isFailure(error) && error.kind === 'ALREADY_EXISTS';
    const made = isTaken ? await takeWorktree(store, session, branch, clock.now()) : undefined;
    if (made) return made;
    throw error;
  });
  await store.write((w) => {
    w.sessions.setData(session.id, 'branch_name', branch, clock.now());
    const data = { key: 'branch_name', value: branch };
    w.events.append({ type: 'session.dataSet', subject: sessionSubject(session), actor: byDaemon.actor, data });
  });
  return worktree;
}

/** The branch is known before the session has it. */
function withBranch(lookup: TemplateLookup, branch: string): TemplateLookup {
  return { ...lookup, get: (name) => lookup.get(name) ?? (name === 'branch' ? branch : undefined) };
}
