// Puts each program of the daemon into one file, over what tsc made of its entry, with the packages that it uses: Node takes its time for
// every file that it loads, and the daemon has a thousand. Packages with a native part stay outside.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { writeLicenses } from '../rpc/bundle-licenses.mjs';

const root = dirname(import.meta.dirname);
const outdir = join(root, 'dist', 'daemon');
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['daemon/main.ts', 'daemon/store/care.ts', 'daemon/agents/host/main.ts'],
  outbase: 'daemon',
  outdir,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  metafile: true,
  external: ['better-sqlite3', 'unix-dgram'],
  // For the packages in it that are CommonJS.
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'error',
});
// Chunks of an earlier build.
for (const file of readdirSync(join(outdir, 'chunks'))) {
  if (!(`dist/daemon/chunks/${file}` in metafile.outputs)) rmSync(join(outdir, 'chunks', file));
}
writeLicenses(join(outdir, 'licenses.txt'), root, [metafile]);
