import { statfs } from 'node:fs/promises';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { baseFor } from '../../commands/branch.ts';
import { inferKind } from '../../commands/kind.ts';
import { renderTemplate } from '../../commands/template.ts';
import { repositoryOf } from '../../projects/repository.ts';
import type { Builtin } from './builtin.ts';

const leastFreeBytes = 100 * 1024 * 1024;

/** Checks everything the command needs and names all that is missing at once. */
export const validatePrerequisites: Builtin = async ({ context, print }, { git, tmux, process }) => {
  const { definition, project, session, lookup, secrets } = context;
  const problems: string[] = [];
  const check = async (what: string, work: () => Promise<string | undefined>): Promise<void> => {
    const problem = await work().catch((error: unknown) => {
      if (isFailure(error)) return error.message;
      throw error;
    });
    print(`${problem === undefined ? 'ok' : 'missing'}: ${what}`);
    if (problem !== undefined) problems.push(problem);
  };
  await check('git', async () => void (await git.version()));
  if (inferKind(definition).kind !== 'standard') {
    await check('tmux', async () => ((await tmux.available()) === undefined ? 'tmux is not installed; run: apt install tmux.' : undefined));
  }
  // Where the steps will look: the daemon's own PATH may be another one.
  const ownPath = definition.environment.PATH;
  const searchPath = ownPath === undefined ? secrets.environment.PATH : renderTemplate(ownPath, lookup);
  for (const tool of definition.requires) {
    await check(tool, async () =>
      (await process.which(tool, searchPath)) === undefined ? `"${tool}" is not on the PATH; install it.` : undefined,
    );
  }
  const base = baseFor(definition, lookup);
  if (base !== undefined) await check(`base ${base}`, async () => void (await git.resolveCommit(repositoryOf(project), base)));
  await check('free disk space', async () => {
    const { bavail, bsize } = await statfs(session.artifactDir);
    return bavail * bsize < leastFreeBytes ? `The disk of "${session.artifactDir}" has less than 100 MB free; make room.` : undefined;
  });
  if (problems.length > 0) throw new Failure('PRECONDITION', problems.join(' '), { details: { reason: 'prerequisites', problems } });
  return undefined;
};
