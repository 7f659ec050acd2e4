// Codex writes in its workspace only, and a commit in a linked worktree writes in the repository that it belongs to.
import { basename } from 'node:path';
import { gitDirsOf } from '../tools/git/git-files.ts';

/** The same argv for every other agent, and where the worktree is the repository itself. */
export async function withWritableRoots(argv: readonly string[], cwd: string): Promise<readonly string[]> {
  const [program = '', ...rest] = argv;
  if (!/^codex(-acp)?$/.test(basename(program))) return argv;
  const dirs = await gitDirsOf(cwd);
  if (dirs === undefined || dirs.gitDir === dirs.commonDir) return argv;
  return [program, '-c', `sandbox_workspace_write.writable_roots=${JSON.stringify([dirs.commonDir, dirs.gitDir])}`, ...rest];
}
