// The secrets of one step, and what hides them afterwards. What was handed out is remembered in the session's own file, mode 0600, so that
// a daemon that adopts the step masks the same.
import type { CommandStep } from '../commands/definition.ts';
import type { CredentialService } from '../credentials/service.ts';
import { createMask, type Mask } from '../kernel/mask.ts';
import type { SessionContext } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';

export interface StepCredentialDeps {
  readonly credentials: CredentialService;
  readonly envFiles: Pick<EnvFiles, 'write'>;
}

/** Looks up what the step names, by variable; the context that comes back knows what must be masked from now on. */
export async function giveCredentials(
  context: SessionContext,
  { credentials: wanted = {} }: CommandStep,
  { credentials, envFiles }: StepCredentialDeps,
): Promise<{ readonly variables: Environment; readonly context: SessionContext }> {
  const found: Record<string, string> = {};
  for (const [variable, name] of Object.entries(wanted))
    found[variable] = await credentials.resolve(name, context.secrets.credentials ?? {});
  if (Object.keys(found).length === 0) return { variables: {}, context };
  const secrets = { ...context.secrets, shown: [...new Set([...(context.secrets.shown ?? []), ...Object.values(found)])] };
  await envFiles.write(context.session.id, secrets);
  return { variables: found, context: { ...context, secrets } };
}

/** Of all that the processes of a session were told in secret. */
export function maskOf({ definition, secrets }: Pick<SessionContext, 'definition' | 'secrets'>): Mask {
  const { token, shown = [], credentials = {}, arguments: given } = secrets;
  const secretArguments = definition.arguments.filter(({ name, secret }) => secret && given[name] !== undefined);
  return createMask([
    token,
    ...shown,
    ...Object.values(credentials),
    ...secretArguments.flatMap(({ name }) => [given[name]].flat().map(String)),
  ]);
}
