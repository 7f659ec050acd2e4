// The process itself: what it refuses to start on, how it stops, and who may reach it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type Home, runCli, runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function mode(path: string): string {
  return (lstatSync(path).mode & 0o777).toString(8);
}

test('a socket that a killed daemon left is replaced, and what is no socket is not', async () => {
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  await daemon.kill();
  expect(lstatSync(home.socketPath).isSocket()).toBe(true);
  await daemon.again();
  expect((await daemon.client.daemon.ping()).pid).toBe(daemon.pid);

  await daemon.stop();
  expect(existsSync(home.socketPath)).toBe(false);
  writeFileSync(home.socketPath, 'precious');
  const refused = await runDaemon(home);
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toContain('is not a socket');
  expect(readFileSync(home.socketPath, 'utf8')).toBe('precious');
});

test('socket, state and tokens are for their owner only', async () => {
  await using daemon = await startRealDaemon();
  const { home } = daemon;

  expect([mode(home.runDir), mode(home.socketPath), mode(home.stateDir)]).toEqual(['700', '600', '700']);
  for (const file of ['coppice.db', 'daemon.lock', 'endpoint.json', 'token', 'coppiced.log']) {
    if (existsSync(join(home.stateDir, file))) expect([file, mode(join(home.stateDir, file))]).toEqual([file, '600']);
  }
  for (const folder of ['env', 'steps', 'artifacts']) expect([folder, mode(join(home.stateDir, folder))]).toEqual([folder, '700']);
});

const unsafe: { what: string; says: RegExp; prepare: (home: Home) => void }[] = [
  {
    what: 'open to others',
    says: /mode 0755.*chmod 700/,
    prepare: ({ runDir }) => {
      mkdirSync(runDir);
      chmodSync(runDir, 0o755);
    },
  },
  {
    what: 'a symbolic link',
    says: /symbolic link/,
    prepare: (home) => {
      mkdirSync(home.path('elsewhere'), { mode: 0o700 });
      symlinkSync(home.path('elsewhere'), home.runDir);
    },
  },
  { what: 'a file', says: /directory/, prepare: ({ runDir }) => writeFileSync(runDir, '') },
];

for (const { what, says, prepare } of unsafe) {
  test(`a runtime directory that is ${what} is refused before anything is written`, async () => {
    await using home = createHome();
    prepare(home);

    const end = await runDaemon(home);

    expect(end.exitCode).toBe(5);
    expect(end.stderr).toMatch(says);
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(home.databasePath)).toBe(false);
  });
}

test('a socket path that the kernel would cut is refused by daemon and client, with its length', async () => {
  await using home = createHome();
  const socket = `${home.dir}/${'x'.repeat(108 - home.dir.length - 1)}`;
  expect(Buffer.byteLength(socket)).toBe(108);

  for (const end of [
    await runDaemon(home, { args: ['--socket', socket] }),
    await runDaemon(home, { env: { COPPICE_SOCKET: socket } }),
    await runCli(home, ['ps', '--socket', socket]),
  ]) {
    expect(end.exitCode).not.toBe(0);
    expect(end.stderr).toMatch(/108 bytes.*107/);
  }
  const just = socket.slice(0, 107);
  await using daemon = await startRealDaemon({ home });
  await daemon.stop();
  const other = runDaemon(home, { args: ['--socket', just] });
  const stopped = await until('it to answer', async () => {
    const answer = await runCli(home, ['daemon', 'stop', '--socket', just, '--json']);
    return (JSON.parse(answer.stdout) as { stopped: boolean }).stopped;
  });
  expect(stopped).toBe(true);
  expect((await other).exitCode).toBe(0);
});

test('SIGTERM stops in order with 0: the socket goes, terminals and steps live on', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran', '$$')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { work: commandFile('work', { session: {}, steps }) } });
  const session = await daemon.start(repo.path, 'work');
  const pid = Number((await signals.lines('ran'))[0]);

  const end = await daemon.stop();

  expect(end).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  expect(existsSync(home.socketPath)).toBe(false);
  expect(existsSync(join(home.stateDir, 'endpoint.json'))).toBe(false);
  expect(isAlive(pid)).toBe(true);
  expect(await daemon.tmux('list-sessions', '-F', '#{session_name}')).toContain(session.slug);
  const log = home
    .log()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg?: string }).msg);
  expect(log.slice(log.indexOf('stopping'))).toEqual(['stopping', 'stopped']);
  await daemon.again();
  expect((await daemon.events({ types: ['daemon.*'] })).map(({ type }) => type)).toEqual([
    'daemon.started',
    'daemon.stopping',
    'daemon.started',
  ]);
});

test('a wrong configuration ends the start with 6 and tells each place', async () => {
  await using home = createHome();
  home.writeConfig('[daemon]\nlog_level = "loud"\ndrain_ms = -1\n\n[sesions]\nmax_running = 2\n\n[sessions]\nmax_runing = 3\n');

  const end = await runDaemon(home);

  expect(end.exitCode).toBe(6);
  for (const line of [2, 3, 5, 9]) expect(end.stderr).toContain(`${home.configPath}:${line}`);
  expect(end.stderr).toContain('"sessions"');
  expect(end.stderr).toContain('max_running');
  expect(existsSync(home.databasePath)).toBe(false);
  home.writeConfig('[daemon\n');
  const broken = await runDaemon(home);
  expect(broken.exitCode).toBe(6);
  expect(broken.stderr).toContain(`${home.configPath}:1`);
});

test('a database of a newer daemon ends the start with 6 and keeps every byte', async () => {
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  await daemon.stop();
  // Read and written at the offset that SQLite's file format gives the user version.
  const bytes = readFileSync(home.databasePath);
  const version = bytes.readUInt32BE(60);
  bytes.writeUInt32BE(999, 60);
  writeFileSync(home.databasePath, bytes);
  const before = sha256(home.databasePath);

  const end = await runDaemon(home);

  expect(end.exitCode).toBe(6);
  expect(end.stderr).toContain('999');
  expect(sha256(home.databasePath)).toBe(before);
  // SQLite makes an empty one to read; nothing is in it.
  const wal = `${home.databasePath}-wal`;
  expect(existsSync(wal) ? statSync(wal).size : 0).toBe(0);
  bytes.writeUInt32BE(version, 60);
  writeFileSync(home.databasePath, bytes);
  await daemon.again();
});

test('the CLI starts a daemon when none runs, says so once, and never when it is forbidden', async () => {
  await using home = createHome();

  const forbidden = await runCli(home, ['ps'], { env: { COPPICE_NO_AUTOSTART: '1' } });
  expect(forbidden.exitCode).toBe(3);
  expect(forbidden.stderr).toContain('COPPICE_NO_AUTOSTART');
  expect(home.processes()).toEqual([]);

  const first = await runCli(home, ['daemon', 'status', '--json']);
  expect(first.exitCode).toBe(3);
  const started = await runCli(home, ['ps', '--json'], { env: { COPPICE_NO_AUTOSTART: undefined } });
  expect(started.exitCode).toBe(0);
  expect(started.stderr).toMatch(/^coppice: No daemon was running; started one.*\n$/);
  const again = await runCli(home, ['ps', '--json'], { env: { COPPICE_NO_AUTOSTART: undefined } });
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });

  const status = JSON.parse((await runCli(home, ['daemon', 'status', '--json'])).stdout) as { daemon: { pid: number } };
  const restarted = JSON.parse((await runCli(home, ['daemon', 'restart', '--json'])).stdout) as {
    daemon: { pid: number };
    before: { pid: number };
  };
  expect(restarted.before.pid).toBe(status.daemon.pid);
  expect(restarted.daemon.pid).not.toBe(status.daemon.pid);
  expect([isAlive(status.daemon.pid), isAlive(restarted.daemon.pid)]).toEqual([false, true]);
  expect(JSON.parse((await runCli(home, ['daemon', 'start', '--json'])).stdout)).toMatchObject({ started: false });
  expect((await runCli(home, ['daemon', 'stop'])).exitCode).toBe(0);
  expect(isAlive(restarted.daemon.pid)).toBe(false);
  expect((await runCli(home, ['daemon', 'stop'])).exitCode).toBe(0);
});

test('an auto-started daemon does not hold the pipes of the CLI that started it', async () => {
  await using home = createHome();
  const { COPPICE_NO_AUTOSTART: _, ...env } = home.env();

  // The pipe of a command substitution ends only when nobody holds it any more.
  const out = execFileSync('timeout', ['15', 'sh', '-c', `x=$(${process.execPath} dist/coppice.cjs ps --json 2>&1); echo "ended: $?"`], {
    env,
  });

  expect(out.toString()).toBe('ended: 0\n');
});

test('a daemon whose socket was taken by another process leaves it alone when it stops', async () => {
  await using daemon = await startRealDaemon();
  const { socketPath } = daemon.home;
  const other = createServer();
  execFileSync('rm', [socketPath]);
  await new Promise<void>((resolve) => other.listen(socketPath, resolve));
  const { ino, birthtimeMs } = statSync(socketPath);

  expect((await daemon.stop()).exitCode).toBe(0);

  expect(statSync(socketPath)).toMatchObject({ ino, birthtimeMs });
  await new Promise((resolve) => other.close(resolve));
});

test('a process that cannot be ended politely is not waited for: a second SIGTERM ends the daemon at once', async () => {
  await using daemon = await startRealDaemon();

  process.kill(daemon.pid, 'SIGTERM');
  const end = await daemon.kill('SIGTERM');

  expect(end.exitCode).toBe(0);
  expect(isAlive(daemon.pid)).toBe(false);
});
