import { Failure } from '../../schemas/errors.ts';
import type { LeaseOwner } from '../leases/service.ts';
import type { Call, HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { resolveWorktree } from '../worktrees/resolve.ts';
import { assertOwnSession } from './own-session.ts';
import type { Services } from './services.ts';

export function leaseHandlers({ store, sessions, leases }: Services): HandlersOf<'lease'> {
  const ownerOf = async (named: { session?: string | undefined; worktree?: string | undefined }): Promise<LeaseOwner> => ({
    ...(named.session === undefined ? {} : { sessionId: sessions.resolve(named.session).id }),
    ...(named.worktree === undefined ? {} : { worktreeId: (await resolveWorktree(store, named.worktree, undefined)).id }),
  });
  /** Whose it will be: what was named, or the session that the caller is in. */
  const newOwner = async (named: { session?: string | undefined; worktree?: string | undefined }, call: Call): Promise<LeaseOwner> => {
    const own = call.context.caller.sessionId;
    const neither = named.session === undefined && named.worktree === undefined;
    const owner = neither && own !== undefined ? { sessionId: own } : await ownerOf(named);
    if (Object.keys(owner).length !== 1) {
      throw new Failure('INVALID_PARAMS', 'A lease belongs to a session or to a worktree; name one of the two.', {
        details: { issues: [{ path: ['session'], message: 'either this or worktree' }] },
      });
    }
    // The worktree that a session works in is its own too.
    const ownWorktree = own === undefined ? undefined : store.read((r) => r.sessions.get(own)?.worktreeId);
    if (owner.worktreeId === undefined || owner.worktreeId !== ownWorktree) assertOwnSession(call, owner.sessionId);
    return owner;
  };
  return {
    'lease.list': async ({ session, worktree, cursor, limit }) => leases.list(await ownerOf({ session, worktree }), cursor, limit),
    'lease.reserve': async ({ session, worktree, ...request }, call) =>
      leases.reserve({ ...request, owner: await newOwner({ session, worktree }, call) }, originOf(call)),
    'lease.release': async ({ id }, call) => {
      const own = call.context.caller.sessionId;
      const lease = leases.find(id);
      const ownWorktree = own === undefined ? undefined : store.read((r) => r.sessions.get(own)?.worktreeId);
      if (lease.worktreeId === undefined || lease.worktreeId !== ownWorktree) assertOwnSession(call, lease.sessionId);
      await leases.release(id, originOf(call));
      return {};
    },
  };
}
