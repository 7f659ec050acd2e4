// A running daemon and its configuration file: each way of changing it is one reload, and sessions keep what they began with.
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type Home, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const quick = '[hot_reload]\ndebounce_ms = 100\n';
const withTimeout = (seconds: number, more = quick): string => `${more}[sessions]\ntimeout = ${seconds}\n`;
const timeoutOf = async (daemon: RealDaemon): Promise<unknown> => (await daemon.client.config.get({ key: 'sessions.timeout' })).value;
const inForce = (daemon: RealDaemon, seconds: number): Promise<unknown> =>
  until(`a timeout of ${seconds}`, async () => (await timeoutOf(daemon)) === seconds);
const reloads = async (daemon: RealDaemon) =>
  (await daemon.events({ types: ['config.*'] })).map(({ type, data }) => ({
    type,
    ...(data as { newVersion?: number; changedKeys?: string[] }),
  }));

/** The next time that the watch has seen another content. */
async function fileChange(daemon: RealDaemon): Promise<unknown> {
  for await (const event of daemon.client.events({ types: ['config.fileChanged'] })) return event;
  throw new Error('the events ended');
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

function relink(path: string, target: string): void {
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Each brings another value; what came before is in force by then. */
const ways: readonly [string, (home: Home, text: string) => void][] = [
  ['no file before', ({ configPath }, text) => writeFileSync(configPath, text)],
  ['written over', ({ configPath }, text) => writeFileSync(configPath, text)],
  [
    'truncated, then written in pieces',
    ({ configPath }, text) => {
      writeFileSync(configPath, '');
      for (const line of text.split(/(?<=\n)/)) appendFileSync(configPath, line);
    },
  ],
  ['replaced by a rename', ({ configPath }, text) => replace(configPath, text)],
  [
    'as vim saves',
    ({ configPath }, text) => {
      renameSync(configPath, `${configPath}~`);
      writeFileSync(configPath, text);
      unlinkSync(`${configPath}~`);
    },
  ],
  [
    'removed and made again',
    ({ configPath }, text) => {
      unlinkSync(configPath);
      writeFileSync(configPath, text);
    },
  ],
  [
    'made a link',
    (home, text) => {
      mkdirSync(home.path('dotfiles'));
      writeFileSync(home.path('dotfiles/one.toml'), text);
      relink(home.configPath, home.path('dotfiles/one.toml'));
    },
  ],
  ['the target of the link written over', (home, text) => writeFileSync(home.path('dotfiles/one.toml'), text)],
  ['the target of the link replaced', (home, text) => replace(home.path('dotfiles/one.toml'), text)],
  [
    'the link put on another target',
    (home, text) => {
      writeFileSync(home.path('dotfiles/two.toml'), text);
      relink(home.configPath, '../dotfiles/two.toml');
    },
  ],
  [
    'the folder of the target swapped',
    (home, text) => {
      mkdirSync(home.path('v1'));
      writeFileSync(home.path('v1/config.toml'), text);
      symlinkSync('v1', home.path('data-link'));
      relink(home.configPath, '../data-link/config.toml');
    },
  ],
  [
    'the folder of the target swapped again',
    (home, text) => {
      mkdirSync(home.path('v2'));
      writeFileSync(home.path('v2/config.toml'), text);
      relink(home.path('data-link'), 'v2');
    },
  ],
];

test('each way of saving a file is exactly one reload', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, env: { COPPICE_HOT_RELOAD__DEBOUNCE_MS: '100' } });
  for (const [index, [, change]] of ways.entries()) {
    change(home, withTimeout(index + 1));
    await inForce(daemon, index + 1);
  }
  expect(await reloads(daemon)).toEqual(
    ways.map((_, index) => ({
      ...{ type: 'config.reloaded', oldVersion: index + 1, newVersion: index + 2 },
      ...{ changedKeys: ['sessions.timeout'], restartRequired: [] },
    })),
  );
  expect(await daemon.client.daemon.status()).toMatchObject({ configVersion: ways.length + 1, configDrift: false });
});

test('another mode or time of the file, other words in it and a file beside it are no reload', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, config: withTimeout(1) });
  chmodSync(home.configPath, 0o600);
  utimesSync(home.configPath, 1, 1);
  writeFileSync(`${home.configPath}.bak`, withTimeout(9));
  writeFileSync(home.configPath, `# words\n${withTimeout(1)}`);
  await until('the words to be read', async () => {
    const { line } = await daemon.client.config.explain({ key: 'sessions.timeout' });
    return line === 5;
  });
  expect(await reloads(daemon)).toEqual([]);
  expect((await daemon.client.daemon.status()).configVersion).toBe(1);
});

test('a wrong file leaves the old values, says what is wrong and is mended by the next one', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, config: withTimeout(1) });
  writeFileSync(home.configPath, `${quick}[sessions]\ntimeout = "x"\nshel = 1\n`);
  const failed = await until('the refusal', async () => (await daemon.events({ types: ['config.reloadFailed'] }))[0]);
  expect(failed.data).toMatchObject({
    keptVersion: 1,
    errors: [
      { path: home.configPath, line: 4, column: 11, key: 'sessions.timeout' },
      { path: home.configPath, line: 5, key: 'sessions.shel' },
    ],
  });
  expect([await timeoutOf(daemon), (await daemon.client.daemon.status()).configDrift]).toEqual([1, true]);
  writeFileSync(home.configPath, withTimeout(2));
  await inForce(daemon, 2);
  expect((await reloads(daemon)).map(({ type }) => type)).toEqual(['config.reloadFailed', 'config.reloaded']);
});

test('a file that goes away changes nothing, and what comes in its place is one reload', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, config: withTimeout(1) });
  const loss = fileChange(daemon);
  rmSync(home.configPath);
  await loss;
  expect([await timeoutOf(daemon), (await daemon.client.daemon.status()).configDrift]).toEqual([1, true]);
  writeFileSync(home.configPath, withTimeout(2));
  await inForce(daemon, 2);
  expect((await reloads(daemon)).map(({ type, newVersion }) => [type, newVersion])).toEqual([['config.reloaded', 2]]);
});

test('in manual mode a change waits for config.reload or SIGHUP, and the status tells that it is there', async () => {
  await using home = createHome();
  const manual = '[hot_reload]\ndebounce_ms = 100\nmode = "manual"\n';
  await using daemon = await startRealDaemon({ home, config: withTimeout(1, manual) });
  const change = fileChange(daemon);
  writeFileSync(home.configPath, withTimeout(2, manual));
  expect(await change).toMatchObject({ data: { path: home.configPath } });
  expect([await timeoutOf(daemon), (await daemon.client.daemon.status()).configDrift]).toEqual([1, true]);
  expect((await daemon.cli(['config', 'reload'])).stdout).toBe('Changed: sessions.timeout.\n');
  expect(await timeoutOf(daemon)).toBe(2);
  writeFileSync(home.configPath, withTimeout(3, manual));
  process.kill(daemon.pid, 'SIGHUP');
  await inForce(daemon, 3);
  expect((await reloads(daemon)).length).toBe(2);
});

test('while a session runs, mode defer holds the newest valid file and applies it once, when nothing runs', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const defer = '[hot_reload]\ndebounce_ms = 100\nmode = "defer"\n';
  const hold = commandFile('hold', { steps: [shell(`${signals.tell('running')}; ${signals.waitFor('gate')}`)] });
  await using daemon = await startRealDaemon({ home, config: withTimeout(100, defer), commands: { hold } });
  const sessions = [await daemon.start(repo.path, 'hold'), await daemon.start(repo.path, 'hold')];
  await until('both to run', async () => (await signals.lines('running')).length === 2);
  const deferred = async () => (await daemon.events({ types: ['config.deferred'] })).length;

  for (const [index, seconds] of [200, 300].entries()) {
    writeFileSync(home.configPath, withTimeout(seconds, defer));
    await until(`change ${index} to be held`, async () => (await deferred()) === index + 1);
  }
  process.kill(daemon.pid, 'SIGHUP');
  expect(await daemon.client.config.reload()).toMatchObject({ version: 1, deferred: true, changedKeys: ['sessions.timeout'] });
  expect(await timeoutOf(daemon)).toBe(100);
  expect(await daemon.client.daemon.status()).toMatchObject({ configDeferred: true, configDrift: true, configVersion: 1 });
  writeFileSync(home.configPath, 'wrong');
  await until('the wrong one to be told', async () => (await daemon.events({ types: ['config.reloadFailed'] })).length === 1);
  signals.open('gate');
  for (const { id } of sessions) expect((await daemon.ended(id)).status).toBe('succeeded');
  await inForce(daemon, 300);

  const told = await daemon.events({ types: ['config.*', 'session.finished'] });
  expect(told.map(({ type }) => type)).toEqual([
    'config.deferred',
    'config.deferred',
    'config.reloadFailed',
    'session.finished',
    'session.finished',
    'config.reloaded',
  ]);
  expect(await daemon.client.daemon.status()).toMatchObject({ configDeferred: false, configVersion: 2 });
});

test('a session that has begun stays on its version: what it is pinned to is that of its start', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const config = (root: string, seconds: number): string =>
    `${quick}[worktrees]\nroot = "${home.path(root)}"\n[sessions]\nmax_running = 1\ntimeout = ${seconds}\n`;
  await using daemon = await startRealDaemon({
    home,
    config: config('old', 500),
    commands: {
      hold: commandFile('hold', { steps: [shell(`${signals.tell('running')}; ${signals.waitFor('gate')}`)] }),
      grow: commandFile('grow', {
        arguments: ['branch'],
        worktree: { branch: '{{ branch }}', keep: 'always' },
        steps: [shell('true', { run_in: 'process' })],
      }),
    },
  });
  const running = await daemon.start(repo.path, 'hold');
  const waiting = await daemon.start(repo.path, 'grow', { arguments: { branch: 'one' } });
  await signals.lines('running');

  writeFileSync(home.configPath, config('new', 400));
  await inForce(daemon, 400);
  const later = await daemon.start(repo.path, 'grow', { arguments: { branch: 'two' } });
  signals.open('gate');

  expect(await daemon.ended(running.id)).toMatchObject({ status: 'succeeded' });
  for (const [session, root] of [
    [waiting, 'old'],
    [later, 'new'],
  ] as const) {
    const { worktreeId } = await daemon.ended(session.id);
    const worktree = await daemon.client.worktree.get({ worktree: worktreeId as string });
    expect(worktree.path.startsWith(`${home.path(root)}/`)).toBe(true);
  }
});
