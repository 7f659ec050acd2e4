// A comparison with another commit: it is checked out into a temporary worktree and built there, and both versions take turns.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../helpers/package-root.ts';
import { type CompareOptions, compareSides, type Outcome } from './compare.ts';
import { startSide } from './side.ts';

const run = promisify(execFile);
const program = join('tests', 'bench', 'serve.ts');

export async function compareWithCommit(commit: string, options: CompareOptions): Promise<Outcome> {
  await using baseline = await checkOut(commit);
  await using base = await startSide(join(baseline.root, program), baseline.root);
  await using head = await startSide(join(packageRoot, program), packageRoot);
  return await compareSides(base, head, options);
}

export async function checkOut(commit: string): Promise<AsyncDisposable & { readonly root: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'coppice-bench-'));
  const root = join(folder, 'base');
  const dispose = async (): Promise<void> => {
    await run('git', ['worktree', 'remove', '--force', root], { cwd: packageRoot }).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
    await run('git', ['worktree', 'prune'], { cwd: packageRoot });
  };
  try {
    await run('git', ['worktree', 'add', '--detach', root, commit], { cwd: packageRoot });
    if (!existsSync(join(root, program))) throw new Error(`The commit "${commit}" can not be compared: it has no ${program}.`);
    process.stderr.write(`building ${commit} …\n`);
    await install(root);
    await run('npm', ['run', '--silent', 'build'], { cwd: root });
    return { root, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** With the same lockfile the packages are the same. */
async function install(root: string): Promise<void> {
  const lock = (folder: string): string => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(packageRoot)) symlinkSync(join(packageRoot, 'node_modules'), join(root, 'node_modules'));
  else await run('npm', ['ci'], { cwd: root });
}
