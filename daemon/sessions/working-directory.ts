import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { renderTemplate } from '../commands/template.ts';
import type { PolicyService } from '../policy/service.ts';
import { placeOf, type SessionContext } from './context.ts';

export interface WorkingDirectoryWanted {
  /** By the step or block itself; else the definition's counts. */
  readonly named: string | undefined;
  readonly tidying?: boolean;
  readonly stepRunId?: string;
  readonly policy: PolicyService;
}

/**
 * Where a step of a session runs: the root of its worktree or project, or a folder below it that the definition or step names. A step that
 * tidies up runs among the artifacts when there is no worktree: what is meant for one must never hit the checkout of the user.
 */
export async function workingDirectoryOf(
  context: SessionContext,
  { named: own, tidying = false, stepRunId, policy }: WorkingDirectoryWanted,
): Promise<string> {
  const permit = async (path: string) => policy.enforce([await policy.facts.directory(path)], placeOf(context, stepRunId));
  const { session, project, worktree, definition, lookup } = context;
  const root = worktree?.path ?? (session.kind === 'worktree' ? undefined : project.path);
  const realRoot = root === undefined ? undefined : await realpath(root).catch(() => undefined);
  if (root === undefined || realRoot === undefined) {
    if (tidying) return session.artifactDir;
    throw new Failure(
      'PRECONDITION',
      `There is no directory "${root ?? 'of a worktree'}" to run in; it was removed while the session ran.`,
      {
        details: { reason: 'root_missing', path: root },
      },
    );
  }
  const named = own ?? definition.workingDirectory;
  if (named === undefined) {
    await permit(root);
    return root;
  }
  const relative = renderTemplate(named, lookup);
  const real = await realpath(resolve(root, relative)).catch(() => undefined);
  if (real === undefined) throw badDirectory(relative, root, 'does not exist; make it in an earlier step, or correct the path', 'missing');
  await permit(real);
  if (real !== realRoot && !real.startsWith(realRoot + sep))
    throw badDirectory(relative, root, 'leads outside of it; name a folder inside', 'outside');
  return real;
}

function badDirectory(named: string, root: string, what: string, reason: string): Failure {
  return new Failure('PRECONDITION', `The working directory "${named}" of "${root}" ${what}.`, {
    details: { reason: `working_directory_${reason}` },
  });
}
