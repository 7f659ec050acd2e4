// Packs the extension: node package.mjs [FOLDER], default dist/vscode. What ships is put together in FOLDER/extension, where
// `code --extensionDevelopmentPath` runs it as it is, and packed into FOLDER/coppice-VERSION.vsix. Needs no network once vsce is installed.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const root = join(here, '..', '..', '..');
const out = process.argv[2] ?? join(root, 'dist', 'vscode');
const folder = join(out, 'extension');

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of ['README.md', 'media']) cpSync(join(here, name), join(folder, name), { recursive: true });
cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
// It is the same release as the daemon, so its version stands there alone.
const { devDependencies: _, private: __, type: ___, ...manifest } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
writeFileSync(
  join(folder, 'package.json'),
  `${JSON.stringify({ ...manifest, version, files: ['extension.cjs', 'media', 'README.md', 'LICENSE'] }, null, 2)}\n`,
);

await build({
  entryPoints: [join(here, 'extension.ts')],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  outfile: join(folder, 'extension.cjs'),
  define: { 'import.meta.dirname': 'undefined' },
  logLevel: 'error',
});

const tools = execFileSync('bash', [join(root, '.ci', 'install'), here], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
const vsix = join(out, `coppice-${version}.vsix`);
const vsce = join(tools, 'node_modules', '@vscode', 'vsce', 'vsce');
// There is no repository to name yet, and all there is to ship is in the folder.
const options = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', vsix];
execFileSync(process.execPath, [vsce, 'package', ...options], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
