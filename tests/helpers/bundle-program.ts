// A program of tests/fixtures/programs that uses sources of the daemon, as one file that node runs.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { packageRoot } from './package-root.ts';

export interface BundledProgram extends Disposable {
  readonly path: string;
}

export function bundleProgram(name: string): BundledProgram {
  // Inside the package, where its dependencies are found.
  const path = join(packageRoot, 'node_modules', '.cache', `${name}-${process.pid}.mjs`);
  buildSync({
    entryPoints: [join(packageRoot, 'tests/fixtures/programs', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: path,
    logLevel: 'error',
  });
  return { path, [Symbol.dispose]: () => rmSync(path) };
}
