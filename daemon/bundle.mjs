// Puts each program of the daemon into one file, over what tsc made of its entry, with the packages that it uses: Node takes its time for
// every file that it loads, and the daemon has a thousand. Packages with a native part stay outside.
//   dist/daemon/main.cjs      a loader, and beside it main.code.js, the program, and main.code.cache, what V8 made of it: Node 20 keeps no
//                             compiled code of modules, and compiling is a third of a start. A cache that does not fit (another Node) is
//                             refused by V8 and costs nothing but the compiling
//   …/care.js, host/main.js   as modules: they run seldom, or have little code
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { writeLicenses } from '../rpc/bundle-licenses.mjs';

const root = dirname(import.meta.dirname);
const outdir = join(root, 'dist', 'daemon');
const common = {
  absWorkingDir: root,
  outbase: 'daemon',
  bundle: true,
  metafile: true,
  external: ['better-sqlite3', 'unix-dgram'],
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'error',
};

const modules = await build({
  ...common,
  entryPoints: ['daemon/store/care.ts', 'daemon/agents/host/main.ts'],
  outdir,
  format: 'esm',
  // For the packages in it that are CommonJS.
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
});
const program = await build({
  ...common,
  stdin: { contents: "import './main.ts';", resolveDir: import.meta.dirname, sourcefile: 'daemon/start.ts' },
  outfile: join(outdir, 'main.code.js'),
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: '(function (require, module, exports, moduleUrl, __dirname) {' },
  footer: { js: '})' },
});
writeLicenses(join(outdir, 'licenses.txt'), root, [modules.metafile, program.metafile]);

const main = join(outdir, 'main.cjs');
// In the place of what tsc made of it: units that a version before has installed start this.
writeFileSync(join(outdir, 'main.js'), "#!/usr/bin/env node\nimport './main.cjs';\n");
rmSync(join(outdir, 'main.js.map'), { force: true });
rmSync(join(outdir, 'main.code.cache'), { force: true });
// V8 would note the flags that the program sets, and take the cache under no others.
const unchanged = "require('node:v8').setFlagsFromString = () => {};\n";
const atExit = "process.on('exit', () => require('node:fs').writeFileSync(cache, script.createCachedData()));\n";
writeFileSync(main, loader(unchanged + atExit));
await warmUp();
writeFileSync(main, loader());
chmodSync(main, 0o755);

/**
 * CommonJS, since Node takes 8 ms to begin with a module of the newer kind. Bytecode from a cache counts no blocks, so whoever measures
 * coverage compiles.
 */
function loader(beforeRun = '') {
  return `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { constants, Script } = require('node:vm');

const [code, cache] = ['main.code.js', 'main.code.cache'].map((name) => join(__dirname, name));
let cachedData;
try {
  if (process.env.NODE_V8_COVERAGE === undefined) cachedData = readFileSync(cache);
} catch {
  // Without it the code is compiled.
}
const filename = pathToFileURL(code).href;
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const script = new Script(readFileSync(code, 'latin1'), { filename, cachedData, importModuleDynamically });
${beforeRun}script.runInThisContext()(require, module, exports, filename, __dirname);
`;
}

/** Starts the daemon on an empty home and stops it, so that the cache holds what every start needs. */
async function warmUp() {
  const folder = mkdtempSync(join(tmpdir(), 'coppice-build-'));
  const env = { PATH: process.env.PATH, HOME: folder, COPPICE_HOME: join(folder, 'h'), COPPICE_WORKTREES__ROOT: join(folder, 'w') };
  try {
    const child = spawn(process.execPath, [main], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    const isReady = () => existsSync(join(env.COPPICE_HOME, 'state', 'endpoint.json'));
    while (!isReady() && child.exitCode === null && child.signalCode === null) await delay(20);
    child.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error('The daemon that was built does not run; its reason is above.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
