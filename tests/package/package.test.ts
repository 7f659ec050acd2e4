// What `npm publish` would give to users: what is in it, that it installs, and that it works outside of this checkout.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';
import { commandLines } from '../helpers/processes.ts';
import { createHome } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createTempDir } from '../helpers/temp-dir.ts';
import { npmInstall, prebuiltSqlite } from './install.ts';
import { manifest, pack } from './packed.ts';

const run = promisify(execFile);
const dir = createTempDir();
afterAll(() => dir[Symbol.dispose]());

const packed = await pack(dir.path);
const prebuilt = await prebuiltSqlite(dir.at('prebuilt'));
const prefix = dir.at('prefix');
const consumer = dir.at('consumer');
mkdirSync(prefix);
cpSync(join(import.meta.dirname, 'consumer'), consumer, { recursive: true });
const nodeTypes = `@types/node@${manifest.devDependencies['@types/node']}`;
const noRegistry =
  (await npmInstall(dir.path, ['--global', '--prefix', prefix, packed.tarballPath], prebuilt)) ??
  (await npmInstall(consumer, ['--omit=optional', packed.tarballPath, nodeTypes], prebuilt));
if (noRegistry !== undefined) process.stderr.write(`skipped: ${noRegistry}\n`);

describe('the content', () => {
  test('is what is needed at run time, and what editors, services and readers need', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        ...[
          'CHANGELOG.md',
          'LICENSE',
          'SECURITY.md',
          'README.md',
          'package.json',
          'dist/licenses.txt',
          'schemas/reference.md',
          'schemas/openrpc.json',
        ],
        ...[
          'dist/coppice.cjs',
          'dist/cli/top.mjs',
          'dist/client.js',
          'dist/daemon/main.cjs',
          'dist/daemon/main.js',
          'dist/daemon/store/care.js',
        ],
        ...['dist/daemon/agents/host/main.js', 'daemon/tools/log-pane.pl', 'daemon/tools/run-step.pl', 'daemon/tools/spawner.pl'],
        'schemas/config.schema.json',
        ...['systemd/coppice.service', 'systemd/coppice.socket', 'systemd/coppice-tmux.service', 'daemon/metrics/grafana-dashboard.json'],
        ...['client/editors/neovim/plugin/coppice.lua', 'client/editors/neovim/doc/coppice.txt'],
        'client/editors/emacs/coppice-example.el',
      ]),
    );
  });

  test('has no tests, sources, maps or leavings of the build', () => {
    const superfluous = packed.files.filter((file) =>
      /^tests\/|\.map$|tsconfig|tsbuildinfo|\.vsix$|(?<!\.d)\.ts$|\.log$|\.test\./.test(file),
    );
    expect(superfluous).toEqual([]);
  });

  const modules = packed.files.filter((file) => /^dist\/(daemon|rpc|schemas|client)\/.*\.(js|d\.ts)$/.test(file));
  const importing = /^(?:import|export)(?:[^'";]* from)? ['"]([^'"]+)['"];$|\bimport\(['"]([^'"]+)['"]\)/gm;
  const imports = modules.flatMap((file) =>
    [...packed.read(file).matchAll(importing)].map(([, name = '', asked = '']) => ({ file, name: name || asked })),
  );

  test('finds within itself what its modules import from each other', () => {
    const missing = imports
      .filter(({ name }) => name.startsWith('.'))
      .map(({ file, name }) => posix.join(posix.dirname(file), file.endsWith('.d.ts') ? name.replace(/\.ts$/, '.d.ts') : name))
      .filter((file) => !packed.files.includes(file));
    expect(missing).toEqual([]);
    expect(imports.length).toBeGreaterThan(300);
  });

  test('depends on exactly what its modules and types import', () => {
    const names = imports
      .filter(({ name }) => !name.startsWith('.') && !isBuiltin(name))
      .map(({ name }) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]);
    expect([...new Set(names)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  test('carries the licences of the packages that are bundled', () => {
    for (const [file, names] of [
      ['dist/licenses.txt', ['commander', 'ink', 'react']],
      ['dist/daemon/licenses.txt', ['@agentclientprotocol/sdk', 'execa', 'pino', 'ws']],
    ] as const)
      for (const name of names) expect(packed.read(file)).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  test('pleases publint', async () => {
    const bytes = readFileSync(packed.tarballPath);
    const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(bytes).buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('has types that are found and match what runs, for whoever imports ES modules', async () => {
    const { problems } = (await checkPackage(createPackageFromTarballData(readFileSync(packed.tarballPath)))) as {
      problems: { kind: string; resolutionKind?: string }[];
    };
    // Node 10 knows no exports, and `require` of an ES module is for Node 22.
    expect(problems.filter(({ resolutionKind }) => resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs')).toEqual([]);
  });
});

describe.skipIf(noRegistry !== undefined)('installed for all', () => {
  const env = (more: Record<string, string | undefined> = {}): Record<string, string | undefined> => ({
    ...{ ...more, COPPICE_NO_AUTOSTART: undefined, PATH: `${prefix}/bin:${process.env.PATH}` },
  });

  test('a session runs from start to end in a daemon that the command started', async () => {
    await using home = createHome();
    await using repo = await createTestRepo();
    const coppice = async (...args: string[]): Promise<string> =>
      (await run('coppice', args, { cwd: repo.path, env: home.env(env()) })).stdout;
    home.writeCommand(
      'hello',
      'name: hello\nworktree: { branch: plant/oak }\nsession: {}\nsteps:\n  - { run_in: tmux, action: "pwd; git branch --show-current" }\n',
    );
    const session = JSON.parse(await coppice('run', 'hello', '--json')) as { id: string; status: string };
    expect(session.status).toBe('succeeded');
    expect(await coppice('logs', session.id)).toMatch(/\/plant[^\n]*oak\r?\nplant\/oak\r?\n$/);

    const hello = JSON.parse(
      await coppice('call', 'daemon.hello', JSON.stringify({ protocolVersion: 1, client: { name: 'test', version: '0' } })),
    ) as { daemon: { version: string; pid: number } };
    expect(readFileSync(`/proc/${hello.daemon.pid}/cmdline`, 'utf8')).toContain(`${prefix}/lib/node_modules/coppice/dist/daemon/main.cjs`);
    expect(
      commandLines()
        .split('\n')
        .filter((line) => line.includes(home.dir) && line.includes(packageRoot)),
    ).toEqual([]);
    const versions = [await coppice('--version'), (await run('coppiced', ['--version'], { env: home.env(env()) })).stdout];
    expect([...versions.map((text) => text.trim()), hello.daemon.version]).toEqual(Array(3).fill(manifest.version));
    expect(JSON.parse(await coppice('call', 'rpc.discover'))).toMatchObject({ info: { version: manifest.version } });
    await coppice('daemon', 'stop');
  });

  test('the units of the service, the configuration of a project and the view of top come from the package', async () => {
    await using home = createHome();
    await using repo = await createTestRepo();
    // Units are for the usual place.
    const usual = home.env(env({ COPPICE_HOME: undefined }));
    const { stdout } = await run('coppice', ['daemon', 'install', '--print'], { cwd: repo.path, env: usual });
    expect(stdout).toContain(`${prefix}/lib/node_modules/coppice/dist/daemon/main.cjs`);
    await run('coppice', ['init'], { cwd: repo.path, env: home.env(env()) });
    expect(readFileSync(join(repo.path, '.coppice', 'config.toml'), 'utf8')).toContain('#:schema');
    expect(await import(join(prefix, 'lib/node_modules/coppice/dist/cli/top.mjs'))).toHaveProperty('runTop');
    await run('coppice', ['daemon', 'stop'], { env: home.env(env()) });
  });
});

describe.skipIf(noRegistry !== undefined)('installed in a project, without what is optional', () => {
  const tsc = join(packageRoot, 'node_modules', '.bin', 'tsc');

  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('a strict program compiles with module %s and resolution %s, and the types of the library with it', async (module, resolution) => {
    const args = ['-p', consumer, '--module', module, '--moduleResolution', resolution, '--outDir', join(consumer, module)];
    const { stdout } = await run(tsc, args).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test('the program starts the daemon, runs a session and follows it; nothing was compiled', async () => {
    await using home = createHome();
    await using repo = await createTestRepo();
    home.writeCommand('hello', 'name: hello\nsteps:\n  - echo hello consumer\n');
    const env = home.env({ COPPICE_NO_AUTOSTART: undefined });
    const { stdout } = await run(process.execPath, [join(consumer, 'nodenext', 'main.js'), repo.path], { cwd: consumer, env });
    expect(JSON.parse(stdout)).toMatchObject({
      daemon: { version: manifest.version },
      ...{ status: 'succeeded', text: 'hello consumer\n', event: 'session.finished', refused: 'INVALID_PARAMS' },
    });
    for (const name of Object.keys(manifest.optionalDependencies)) expect(existsSync(join(consumer, 'node_modules', name))).toBe(false);
  });
});
