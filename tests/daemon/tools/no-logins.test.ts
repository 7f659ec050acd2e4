import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noLoginsLibrary, withoutLogins } from '../../../daemon/tools/no-logins.ts';
import { createTmux } from '../../../daemon/tools/tmux.ts';
import { createTmuxControl } from '../../../daemon/tools/tmux-control.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { baseEnv, createPlace, createTmuxPlace, tmuxMissing, until } from './tools-fixture.ts';

test.skipIf(tmuxMissing())('tmux finds in the library what it would ask libutempter for', async () => {
  await using place = createPlace();
  const path = place.path('no-logins.so');
  const env = await withoutLogins(baseEnv, path);
  expect(spawnSync('tmux', ['-V'], { env, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  // What the loader says of itself; one that is not that of glibc says nothing.
  const { stderr } = spawnSync('tmux', ['-V'], { env: { ...env, LD_BIND_NOW: '1', LD_DEBUG: 'bindings' }, encoding: 'utf8' });
  const bound = stderr.split('\n').filter((line) => /binding file \S*tmux .*`utempter_/.test(line));
  const isUsed = execFileSync('sh', ['-c', 'ldd "$(command -v tmux)"'], { encoding: 'utf8' }).includes('libutempter');
  expect(bound.length).toBe(isUsed ? 2 : 0);
  for (const line of bound) expect(line).toContain(` to ${path} `);
});

test.skipIf(tmuxMissing())('a server has it, and the programs in its terminals do not', async () => {
  await using place = createTmuxPlace();
  const path = place.path('no-logins.so');
  const control = createTmuxControl({ ...place.controlOptions, env: await withoutLogins(place.controlOptions.env, path) });
  const tmux = createTmux({ control, process: place.tool, again: createTestAgain().again });
  try {
    await tmux.newSession({ ...(await place.shell('shell', 'exec sleep 60')), name: 'one' });
    const [pid] = await control.command('display-message', '-p', '#{pid}');
    const [pane] = await control.command('list-panes', '-t', '=one:', '-F', '#{pane_pid}');
    expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).toContain(path);
    // The shell of tmux becomes the wrapper of the step.
    await until('the program of the pane', () => readFileSync(`/proc/${pane}/cmdline`, 'utf8') !== '');
    expect(readFileSync(`/proc/${pane}/environ`, 'latin1')).not.toContain('LD_PRELOAD');
    expect(readFileSync(`/proc/${pane}/maps`, 'utf8')).not.toContain(path);
  } finally {
    await control.command('kill-server').catch(() => undefined);
    await control.close();
  }
});

test('it stands before what is loaded already, and is left out where it could not be loaded', async () => {
  await using place = createPlace();
  const path = place.path('no-logins.so');
  expect(await withoutLogins({ LD_PRELOAD: '/usr/lib/other.so' }, path)).toEqual({ LD_PRELOAD: `${path}:/usr/lib/other.so` });
  for (const odd of ['with space.so', 'with:colon.so', 'with$ORIGIN.so'])
    expect(await withoutLogins(baseEnv, place.path(odd))).toBe(baseEnv);
  expect(await withoutLogins(baseEnv, path, 'riscv64')).toBe(baseEnv);
});

test('a server that runs keeps the file that it has mapped', async () => {
  await using place = createPlace();
  const path = place.path('no-logins.so');
  await withoutLogins(baseEnv, path);
  linkSync(path, place.path('mapped'));
  await withoutLogins(baseEnv, path);
  expect(statSync(path).ino).not.toBe(statSync(place.path('mapped')).ino);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('the libraries of two machines differ in the machine and its code alone', () => {
  const [x64, arm64] = [noLoginsLibrary('x64'), noLoginsLibrary('arm64')];
  expect(x64?.subarray(0, 18)).toEqual(arm64?.subarray(0, 18));
  expect([x64?.readUInt16LE(18), arm64?.readUInt16LE(18)]).toEqual([62, 183]);
  expect(x64?.length).toBe(arm64?.length);
});
