// Flow tests run what is built. Vitest calls this once before all files.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

const sources = ['schemas', 'rpc', 'client', 'daemon'];
/** Written last of all. */
const result = join(packageRoot, 'dist', 'coppice.cjs');

export function setup(): void {
  if (isBuilt()) return;
  try {
    // Two test runs at once build one after the other.
    execFileSync('flock', ['/tmp/coppice-build.lock', 'npm', 'run', '--silent', 'build'], { cwd: packageRoot, stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    throw new Error(`npm run build failed:\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

function isBuilt(): boolean {
  const builtAt = statSync(result, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs < builtAt),
  );
}
