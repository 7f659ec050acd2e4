import { Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { snapshotOf } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';
import { assertLegal } from './machine.ts';
import type { StartWish } from './prepare.ts';

/**
 * What starts an ended session anew: the command as its file is now, the same arguments, and the worktree it left, if it is still there.
 * Without an environment it is the one that the session had, which only members of a group that still runs keep.
 */
export async function againOf(
  { store, envFiles }: { readonly store: Store; readonly envFiles: EnvFiles },
  former: SessionRecord,
  environment: Environment | undefined,
): Promise<StartWish> {
  assertLegal('retry', former);
  const given = environment === undefined ? await envFiles.read(former.id) : { environment, arguments: keptArguments(former) };
  const worktree = former.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(former.worktreeId as string));
  return {
    request: {
      ...{ project: former.projectId, command: former.commandName },
      ...{ arguments: given.arguments, environment: given.environment },
    },
    extras: worktree?.status === 'present' ? { goesOnIn: worktree.branch } : {},
  };
}

/** Secrets are masked in the record and gone with the environment file. */
function keptArguments(former: SessionRecord): SessionRecord['arguments'] {
  const secrets = snapshotOf(former)
    .definition.arguments.filter(({ name, secret }) => secret && Object.hasOwn(former.arguments, name))
    .map(({ name }) => name);
  if (secrets.length === 0) return former.arguments;
  const named = secrets.map((name) => `"${name}"`).join(', ');
  const message = `The secret arguments of session "${former.slug}" are not kept (${named}); start "${former.commandName}" again and give them.`;
  throw new Failure('PRECONDITION', message, { details: { reason: 'secret_not_kept', arguments: secrets } });
}
