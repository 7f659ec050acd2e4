import { Failure } from '../../../schemas/errors.ts';
import type { RunGit } from './run-git.ts';

// A part of a name is a file name, and git needs room for ".lock" behind it.
const partBytes = 250;

/** Throws INVALID_PARAMS unless git takes the name for a new branch. */
export async function checkBranchName(git: RunGit, name: string): Promise<void> {
  const isShort = name.split('/').every((part) => Buffer.byteLength(part) <= partBytes);
  if (isShort && (isSurelyGood(name) || (!name.includes('\0') && (await askGit(git, name))))) return;
  const why = isShort ? "git does not take it; see 'git check-ref-format'" : `a part of it is longer than ${partBytes} bytes`;
  throw new Failure('INVALID_PARAMS', `"${name.replaceAll('\0', '\\0')}" cannot be the name of a branch: ${why}.`, {
    details: { issues: [{ path: 'branch', message: `cannot be the name of a branch: ${why}` }] },
  });
}

/** A narrow part of what git takes, so that nearly every name costs no process. */
function isSurelyGood(name: string): boolean {
  return /^\w[\w-]*(?:\.[\w-]+)*(?:\/\w[\w-]*(?:\.[\w-]+)*)*$/.test(name) && !/\.lock(?:\/|$)/.test(name) && name !== 'HEAD';
}

async function askGit(git: RunGit, name: string): Promise<boolean> {
  // Git makes such a branch, and then means HEAD by its name nearly everywhere.
  if (name === '@') return false;
  const { stdout, exitCode } = await git.read('/', ['check-ref-format', '--branch', name], { okExitCodes: [0, 128, 129] });
  // Git answers a shorthand like "@{-1}" with the name it stands for: good for git, not a name.
  return exitCode === 0 && stdout === `${name}\n`;
}
