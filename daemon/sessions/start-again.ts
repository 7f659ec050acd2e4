import { Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { FileReader } from '../tools/files.ts';
import { snapshotOf } from './context.ts';
import type { EnvFiles, SessionSecrets } from './env-file.ts';
import type { Environment } from './environment.ts';
import { assertLegal } from './machine.ts';
import { promptFileOf } from './paths.ts';
import type { StartWish } from './prepare.ts';

/**
 * What starts an ended session anew: the command as its file is now, the same arguments, and the worktree it left, if it is still there.
 * Without an environment it is the one that the session had, which only members of a group that still runs keep.
 */
export async function againOf(deps: AgainDeps, former: SessionRecord, environment: Environment | undefined): Promise<StartWish> {
  assertLegal('retry', former);
  const { store, envFiles } = deps;
  const given: Given = environment === undefined ? await envFiles.read(former.id) : { environment, arguments: keptArguments(former) };
  const { definition, own } = snapshotOf(former);
  const worktree = former.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(former.worktreeId as string));
  return {
    request: {
      ...{ project: former.projectId, command: former.commandName },
      ...{ arguments: given.arguments, environment: given.environment },
    },
    extras: {
      ...(worktree?.status === 'present' ? { goesOnIn: worktree.branch } : {}),
      ...(own ? { own: { definition, prompt: given.prompt ?? (await keptPrompt(deps, former)) } } : {}),
    },
  };
}

interface AgainDeps {
  readonly store: Store;
  readonly envFiles: Pick<EnvFiles, 'read'>;
  readonly files: Pick<FileReader, 'readFile'>;
}

type Given = Pick<SessionSecrets, 'environment' | 'prompt'> & { readonly arguments: Readonly<Record<string, unknown>> };

/** Among the artifacts, once a session got that far; all members of a group were asked the same. */
async function keptPrompt({ store, files }: AgainDeps, { slug, artifactDir, groupId }: SessionRecord): Promise<string> {
  const siblings = store.read((r) => {
    const members = groupId === undefined ? [] : r.groups.members(groupId);
    return members.flatMap(({ sessionId }) => r.sessions.get(sessionId)?.artifactDir ?? []);
  });
  for (const dir of [artifactDir, ...siblings]) {
    const prompt = await files.readFile(promptFileOf(dir));
    if (prompt !== undefined) return Buffer.from(prompt).toString('utf8');
  }
  throw new Failure('PRECONDITION', `No agent was asked by then, so the prompt of session "${slug}" is not kept; ask from the beginning.`, {
    details: { reason: 'prompt_not_kept' },
  });
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
