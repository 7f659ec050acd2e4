// What `.ci/install FOLDER` puts into the cache of the user, for tests that drive real programs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** The same place as in the script: another lock file is another folder. */
export function installedPlace(folder: string): string {
  const lock = readFileSync(join(packageRoot, folder, 'package-lock.json'));
  const sha256 = createHash('sha256').update(lock).digest('hex');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coppice', basename(folder), sha256.slice(0, 16));
}

/** For `skipIf`: says why tests are skipped, and throws where all of them are wanted. Programs by name, with their paths. */
export function programsMissing(programs: Readonly<Record<string, string>>, remedy: string): boolean {
  const missing = Object.keys(programs).filter((name) => !existsSync(programs[name] ?? ''));
  if (missing.length === 0) return false;
  const reason = `${missing.join(', ')} not installed; "${remedy}" does it`;
  if (process.env.COPPICE_REQUIRE_ALL === '1') throw new Error(`${reason}, and COPPICE_REQUIRE_ALL=1 wants every test to run`);
  process.stderr.write(`skipped: ${reason}\n`);
  return true;
}
