import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Library from '../../client/index.ts';
import { isFailure } from '../../schemas/index.ts';
import { Cli } from './helpers/cli.ts';
import { FakeDaemon } from './helpers/fake-daemon.ts';
import { session } from './helpers/records.ts';

const root = join(import.meta.dirname, '..', '..');
let cli: Cli;
beforeAll(() => {
  cli = new Cli(mkdtempSync(join(tmpdir(), 'copcli-')));
  copyFileSync(join(root, 'package.json'), join(cli.packageDir, 'package.json'));
  execFileSync(process.execPath, [join(root, 'client', 'bundle.mjs'), join(cli.packageDir, 'dist')]);
});
afterAll(() => cli[Symbol.dispose]());

const parts = (): string[] => readdirSync(join(cli.packageDir, 'dist', 'cli')).map((file) => join(cli.packageDir, 'dist', 'cli', file));

test('the bundle with its code cache runs, and V8 takes the cache', async () => {
  await using daemon = await FakeDaemon.started({ 'session.list': () => ({ sessions: [session()] }) });
  expect(await cli.run(['ps', '--json'], { env: daemon.env })).toMatchObject({ code: 0, stderr: '' });
  const loader = readFileSync(cli.entry, 'utf8').replace(
    /^const functions.*$/m,
    'process.stdout.write(String(base.cachedDataRejected)), process.exit();',
  );
  const check = join(cli.packageDir, 'dist', 'check.cjs');
  writeFileSync(check, loader);
  expect(execFileSync(process.execPath, [check], { encoding: 'utf8' })).toBe('false');
});

test('a command outside the cached path runs, too', async () => {
  await using daemon = new FakeDaemon();
  expect((await cli.run(['doctor', '--json'], { env: daemon.env })).stdout).toContain('"running":false');
});

test.each([
  { how: 'broken', spoil: (path: string) => writeFileSync(path, 'not a cache') },
  { how: 'missing', spoil: (path: string) => rmSync(path) },
])('with its cache $how it runs all the same', async ({ spoil }) => {
  for (const cache of parts().filter((path) => path.endsWith('.cache'))) spoil(cache);
  // Help is what loads all of it.
  expect(await cli.run(['--help'], { env: {} })).toMatchObject({ code: 0, stderr: '' });
});

test('the library is one file that connects', async () => {
  await using daemon = await FakeDaemon.started();
  const { connect } = (await import(join(cli.packageDir, 'dist', 'client.js'))) as typeof Library;
  await using client = await connect({ env: daemon.env });
  expect(await client.daemon.ping()).toEqual({ pid: process.pid });
  await expect(client.call('no.method')).rejects.toSatisfy(isFailure);
});
