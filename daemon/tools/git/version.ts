import { Failure } from '../../../schemas/errors.ts';
import type { RunGit } from './run-git.ts';

export interface GitVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** `worktree list -z` came with it. */
export const oldestGit = { major: 2, minor: 36 };

export async function version(git: RunGit): Promise<GitVersion> {
  const { stdout } = await git.read('/', ['--version']);
  const [, text, major, minor] = /version ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
  if (text === undefined)
    throw new Failure('TOOL_FAILED', `git does not tell its version: "${stdout.trim()}".`, { details: { tool: 'git' } });
  return { text, major: Number(major), minor: Number(minor) };
}
