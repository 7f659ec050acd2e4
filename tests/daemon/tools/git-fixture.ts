// The git tool over real git, in the environment of a test repository.
import type { AddedWorktree, Turns } from '../../../daemon/tools/git/add-worktree.ts';
import { createGit, type Git } from '../../../daemon/tools/git/git.ts';
import type { Repository } from '../../../daemon/tools/git/repository.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { createTestRepo, type TestRepo, type TestRepoOptions } from '../../helpers/repo.ts';

export interface GitFixture extends AsyncDisposable {
  readonly test: TestRepo;
  readonly git: Git;
  readonly repo: Repository;
  /** The commands that were run, each as its arguments. */
  readonly calls: string[][];
  /** The policies of what was tried again. */
  readonly retried: readonly string[];
}

export interface GitFixtureOptions extends TestRepoOptions {
  readonly env?: Record<string, string>;
  /** Told of each command before it runs; what it throws is thrown instead. */
  readonly before?: (args: readonly string[]) => void;
  /** The same, after it ran. */
  readonly after?: (args: readonly string[]) => void;
}

export async function createGitFixture(options: GitFixtureOptions = {}): Promise<GitFixture> {
  const test = await createTestRepo(options);
  const env = { ...test.env, ...options.env };
  const process = createTestProcessTool(env);
  const calls: string[][] = [];
  const { again, retried } = createTestAgain(100);
  const git = createGit({
    env,
    again,
    process: {
      async runTool(tool, args, runOptions) {
        options.before?.(args);
        calls.push([tool, ...args]);
        const result = await process.runTool(tool, args, runOptions as Parameters<typeof process.runTool>[2]);
        options.after?.(args);
        return result;
      },
      converse: (tool, args, exactEnv) => process.converse(tool, args, exactEnv),
    },
  });
  const repo = { mainCheckout: test.path, gitCommonDir: `${test.path}/.git` };
  return { test, git, repo, calls, retried, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
}

/** For a repository on which nothing else runs. */
export const anyTurn: Turns = { alone: (work) => work(), shared: (work) => work() };

/** Adds a worktree on a new branch, at `w` beside the main checkout unless told otherwise. */
export function newBranch(
  f: GitFixture,
  branch: string,
  more: { base?: string; path?: string; signal?: AbortSignal } = {},
): Promise<AddedWorktree> {
  return f.git.addWorktree({ repo: f.repo, path: f.test.beside('w'), branch, createBranch: true, ...more }, anyTurn);
}
