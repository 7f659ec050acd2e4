import { Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { snapshotOf } from './context.ts';
import type { Environment } from './environment.ts';
import { assertLegal } from './machine.ts';
import type { StartExtras, StartRequest } from './start.ts';

/** What starts an ended session anew: the command as its file is now, the same arguments, and the worktree it left, if it is still there. */
export function againOf(
  store: Store,
  former: SessionRecord,
  environment: Environment,
): { readonly request: StartRequest; readonly extras: StartExtras } {
  assertLegal('retry', former);
  const { definition } = snapshotOf(former);
  const secrets = definition.arguments
    .filter(({ name, secret }) => secret && Object.hasOwn(former.arguments, name))
    .map(({ name }) => name);
  if (secrets.length > 0) {
    const named = secrets.map((name) => `"${name}"`).join(', ');
    const message = `The secret arguments of session "${former.slug}" are not kept (${named}); start "${former.commandName}" again and give them.`;
    throw new Failure('PRECONDITION', message, { details: { reason: 'secret_not_kept', arguments: secrets } });
  }
  const worktree = former.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(former.worktreeId as string));
  return {
    request: { project: former.projectId, command: former.commandName, arguments: former.arguments, environment },
    extras: worktree?.status === 'present' ? { goesOnIn: worktree.branch } : {},
  };
}
