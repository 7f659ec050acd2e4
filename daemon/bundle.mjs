// Puts each program of the daemon into one file, over what tsc made of its entry: Node takes its time for every file that it loads, and the
// daemon has five hundred. Packages stay outside, since they are installed with this one.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

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
  packages: 'external',
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
