// How the commands name a worktree: by id, branch or path, and a branch that several projects have by where the caller stands.
import { resolve } from 'node:path';
import { isFailure } from '../../schemas/errors.ts';
import type { Cli } from './context.ts';

export interface ProjectOption {
  project?: string;
}

export const projectOption = ['-p, --project <project>', 'the project: id, name or path'] as const;
export const worktreeArgument = ['<worktree>', 'id, branch or path'] as const;

/** A branch name that several projects have means the one of the working directory. */
export async function inProject<T>(cli: Cli, project: string | undefined, call: (where: { project?: string }) => Promise<T>): Promise<T> {
  if (project !== undefined) return call({ project });
  try {
    return await call({});
  } catch (error) {
    if (!isFailure(error) || error.kind !== 'CONFLICT' || isAboutCommits(error.details)) throw error;
    return await call({ project: cli.cwd }).catch((second: unknown) => {
      throw isFailure(second) && second.kind === 'NOT_FOUND' ? error : second;
    });
  }
}

/** A branch that moved meanwhile is not cured by naming the project. */
function isAboutCommits(details: Readonly<Record<string, unknown>> | undefined): boolean {
  return typeof details?.expected === 'string';
}

/** The daemon knows nothing of our working directory, so a path goes out absolute. */
export function refOf(cli: Cli, ref: string): string {
  return ref === '.' || ref === '..' || /^(\.\.?)?\//.test(ref) ? resolve(cli.cwd, ref) : ref;
}
