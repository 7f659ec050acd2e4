// Finds out what the rules must know of a program or a directory. What is not configured costs nothing: then there is no question.
import { realpath } from 'node:fs/promises';
import type { PolicyConfig } from '../../schemas/policy.ts';
import { executableChain, findExecutables, type SearchPlace } from '../tools/executables.ts';
import { isLiteral } from './globs.ts';
import type { About } from './question.ts';

export interface Facts {
  /** What a step, terminal or hook would start, looked for where it would be. */
  executable(program: string, place: SearchPlace): Promise<About<'executable'> | undefined>;
  directory(path: string): Promise<About<'directory'> | undefined>;
}

export interface FactDeps {
  readonly policy: () => PolicyConfig;
  /** The daemon's own PATH: names of the lists mean what they mean there. */
  readonly searchPath: string | undefined;
  /** Where the daemon itself makes worktrees. */
  readonly ownRoots: () => readonly string[];
}

export function createFacts({ policy, searchPath, ownRoots }: FactDeps): Facts {
  const filesOf = async (entries: readonly string[]): Promise<ReadonlySet<string>> => {
    const found = await Promise.all(entries.filter(isLiteral).map((entry) => findExecutables(entry, { searchPath, cwd: '/' })));
    return new Set(await realPaths(found.flat()));
  };
  return {
    async executable(program, place) {
      const { allow_executables: allowed, deny_executables: denied } = policy();
      if (allowed === undefined && denied.length === 0) return undefined;
      const [chain, allowedFiles, deniedFiles] = await Promise.all([
        executableChain(program, place),
        filesOf(allowed ?? []),
        filesOf(denied),
      ]);
      return { about: 'executable', named: program, chain, allowedFiles, deniedFiles };
    },
    async directory(path) {
      const { working_directories: configured } = policy();
      if (configured === undefined) return undefined;
      const [real] = await realPaths([path]);
      const roots = await realPaths([...configured, ...ownRoots()]);
      return { about: 'directory', named: path, roots, ...(real === undefined ? {} : { realPath: real }) };
    },
  };
}

/** Without those that lead nowhere. */
async function realPaths(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
  return found.filter((path) => path !== undefined);
}
