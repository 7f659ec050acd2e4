// Builds dist/client.js: the library in one file, which loads in a sixth of the time that its modules take. And dist/coppice.cjs: the CLI.
// Its code is in two files: what a list of sessions needs, with what V8 made of it beside it, so that such a start compiles nothing; and
// the rest, which is read when a command of it is called, and compiled as far as it is used.
// And dist/cli/top.mjs: the view of `coppice top` with Ink and React, which no other command loads.
// A cache that does not fit (another Node) is refused by V8 and costs nothing but the compiling.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { Script } from 'node:vm';
import { build, transformSync } from 'esbuild';
import { writeLicenses } from '../rpc/bundle-licenses.mjs';

const root = dirname(import.meta.dirname);
const dist = process.argv[2] ?? join(root, 'dist');
const parts = join(dist, 'cli');

const library = await build({
  entryPoints: [join(root, 'client', 'index.ts')],
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outfile: join(dist, 'client.js'),
  logLevel: 'error',
});

const program = await build({
  entryPoints: [join(root, 'client', 'cli', 'main.ts')],
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outdir: parts,
  minifySyntax: true,
  minifyWhitespace: true,
  write: false,
  logLevel: 'error',
  define: { 'import.meta.dirname': 'undefined' },
  plugins: [
    { name: 'no subprocesses for commander', setup: withoutSubprocesses },
    { name: 'half of json-rpc-2.0', setup: clientOfJsonRpc },
    { name: 'top in a file of its own', setup: topApart },
  ],
});

mkdirSync(parts, { recursive: true });
for (const file of readdirSync(parts)) rmSync(join(parts, file));
const [base, rest] = divided(['client/cli/main.ts', 'client/connect.ts', 'client/cli/commands/ps.ts']).map(writeTable);
const top = await bundleTop();
warmUp();
writeFileSync(join(dist, 'coppice.cjs'), loader(''));
chmodSync(join(dist, 'coppice.cjs'), 0o755);
writeLicenses(join(dist, 'licenses.txt'), root, [library.metafile, program.metafile, top.metafile]);

/** The chunks that these sources need at once, and all others. */
function divided(sources) {
  const { outputs } = program.metafile;
  const needed = new Set();
  const need = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const { path: other, kind, external } of outputs[path].imports) if (kind === 'import-statement' && !external) need(other);
  };
  for (const source of sources) need(Object.keys(outputs).find((path) => outputs[path].entryPoint === source));
  const chunks = program.outputFiles.map(({ path, text }) => ({ path: relative(root, path), text }));
  return [chunks.filter(({ path }) => needed.has(path)), chunks.filter(({ path }) => !needed.has(path))];
}

/** Chunks as the functions of one script, by name: V8 looks into a function when it is called. Answers the name of the file. */
function writeTable(chunks) {
  const functions = chunks.map(({ path, text }) => {
    // In one file dynamic imports have nothing to wait for, and `require` is the shorter way to a module of Node.
    const { code } = transformSync(text, {
      ...{ format: 'cjs', platform: 'node', target: 'node20', minifySyntax: true, minifyWhitespace: true },
      supported: { 'dynamic-import': false },
    });
    return `'./${basename(path)}': function (exports, require, module, __dirname) {${code.replace(/^#!.*\n/, '')}}`;
  });
  const source = `({${functions.join(',\n')}})`;
  // V8 knows a cache to fit by the length of the source alone, so the content is in the name.
  const name = `${createHash('sha256').update(source).digest('hex').slice(0, 12)}.js`;
  writeFileSync(join(parts, name), source);
  writeFileSync(join(parts, `${name}.cache`), new Script(source, { filename: name }).createCachedData());
  return name;
}

/** Commander loads node:child_process for commands that are programs of their own; we have none. */
function withoutSubprocesses({ onResolve, onLoad }) {
  onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
    importer.includes('/commander/') ? { path: 'child_process', namespace: 'unused' } : undefined,
  );
  onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
}

/** The CLI calls and is never called, but the index of json-rpc-2.0 loads its server, too. */
function clientOfJsonRpc({ onResolve, resolve }) {
  onResolve({ filter: /^json-rpc-2\.0$/ }, async ({ path, ...rest }) => {
    const { path: manifest } = await resolve(`${path}/package.json`, rest);
    return { path: join(dirname(manifest), 'dist', 'client.js') };
  });
}

/** What a script of V8 requires can not wait for a module to load, and Ink's does; a file of Node's own can. */
function topApart({ onResolve }) {
  onResolve({ filter: /\/top\/top\.ts$/ }, () => ({ path: './cli/top.cjs', external: true }));
}

async function bundleTop() {
  writeFileSync(join(parts, 'top.cjs'), "exports.runTop = async (...args) => (await import('./top.mjs')).runTop(...args);\n");
  return build({
    entryPoints: [join(root, 'client', 'cli', 'top', 'top.ts')],
    absWorkingDir: root,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: join(parts, 'top.mjs'),
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    // For the packages in it that are CommonJS.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [{ name: 'Ink as on a terminal', setup: alwaysInteractive }],
  });
}

/** With CI=1 in the environment Ink shows nothing before the end; we have looked whether this is a terminal. Its tool for developers stays out. */
function alwaysInteractive({ onResolve, onLoad }) {
  onResolve({ filter: /^(is-in-ci|react-devtools-core)$/ }, ({ path }) => ({ path, namespace: 'instead' }));
  onLoad({ filter: /.*/, namespace: 'instead' }, () => ({ contents: 'export default false;' }));
}

function loader(atExit) {
  return `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const base = compiled('${base}');
const functions = base.runInThisContext();
const loaded = new Map();
let rest;
${atExit}load('./main.js');
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const make = functions[name] ?? (name.startsWith('./') ? (rest ??= compiled('${rest}').runInThisContext())[name] : undefined);
  if (make === undefined) return require(name);
  const module = { exports: {} };
  loaded.set(name, module);
  make(module.exports, load, module, __dirname);
  return module.exports;
}
function compiled(name) {
  const path = __dirname + '/cli/' + name;
  let cachedData;
  try {
    cachedData = readFileSync(path + '.cache');
  } catch {}
  return new Script(readFileSync(path, 'latin1'), { filename: name, cachedData });
}
`;
}

/** Runs one list against a stub of the daemon, so that the cache holds the functions that every command needs. */
function warmUp() {
  const folder = mkdtempSync(join(tmpdir(), 'coppice-build-'));
  const save = `process.on('exit', () => require('node:fs').writeFileSync(__dirname + '/cli/${base}.cache', base.createCachedData()));\n`;
  const stub = `
    const hello = { protocolVersion: 1, daemon: { version: '', pid: 0, bootId: '', startedAt: '' }, capabilities: {}, scopes: [], cursor: 'e:0' };
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {}).on('close', () => server.close());
      socket.on('data', (data) => {
        const { id, method } = JSON.parse(data);
        socket.write(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'daemon.hello' ? hello : { sessions: [] } }) + '\\n');
      });
    });
    server.listen('s', () => require('node:child_process').spawn(process.execPath, [process.argv[1], 'ps'], { stdio: 'inherit' }));
  `;
  try {
    const warm = join(dist, 'warm.cjs');
    writeFileSync(warm, loader(save));
    const env = { PATH: process.env.PATH, HOME: folder, COPPICE_SOCKET: join(folder, 's'), COPPICE_NO_AUTOSTART: '1' };
    const { status, stderr } = spawnSync(process.execPath, ['-e', stub, warm], { cwd: folder, env, timeout: 30_000, encoding: 'utf8' });
    rmSync(warm);
    if (status !== 0) throw new Error(`The CLI does not run: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
