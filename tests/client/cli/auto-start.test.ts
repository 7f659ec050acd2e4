import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon } from '../helpers/fake-daemon.ts';

/** Enough of a daemon to be started and stopped. It tells its environment in its log. */
const program = `
const { createServer } = require('node:net'); const { mkdirSync, unlinkSync } = require('node:fs');
const run = process.env.COPPICE_HOME + '/run'; mkdirSync(run, { recursive: true });
const path = process.env.COPPICE_SOCKET ?? run + '/coppice.sock';
console.log('env ' + JSON.stringify(process.env));
const daemon = { version: '0', pid: process.pid, bootId: 'b', startedAt: 'now' };
createServer((socket) => { let text = ''; socket.on('error', () => {}); socket.on('data', (data) => { text += data;
  for (let end; (end = text.indexOf('\\n')) >= 0; text = text.slice(end + 1)) { const { id, method } = JSON.parse(text.slice(0, end));
    const result = method === 'session.list' ? { sessions: [] } : { protocolVersion: 1, daemon, capabilities: {}, scopes: [], cursor: 'e:0' };
    socket.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
    if (method === 'daemon.stop') { unlinkSync(path); setImmediate(() => process.exit(0)); } } }); }).listen(path);
`;

let cli: Cli;
let home: FakeDaemon;
let env: Record<string, string>;
beforeEach(async () => {
  cli = await Cli.bundled();
  home = new FakeDaemon();
  env = { COPPICE_HOME: home.home, HOME: home.home, PATH: process.env.PATH ?? '' };
});
afterEach(async () => {
  await cli.run(['daemon', 'stop'], { env });
  cli[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

const logPath = (): string => join(home.home, 'state', 'coppiced.log');

describe('a daemon', () => {
  beforeEach(() => {
    cli.installDaemon(program);
  });

  test('is started by the first command, which says so once and goes on', async () => {
    const first = await cli.run(['ps', '--json'], { env: { ...env, TMUX: '/t', COPPICE_TOKEN: '', NOTIFY_SOCKET: '/n', MINE: 'kept' } });
    expect(first).toMatchObject({ code: 0, stdout: '{"sessions":[]}\n' });
    expect(first.stderr).toBe(`coppice: No daemon was running; started one as a process of its own (log: ${logPath()}).\n`);
    expect(await cli.run(['ps', '--json'], { env })).toMatchObject({ code: 0, stderr: '' });
    const [line = ''] = readFileSync(logPath(), 'utf8').split('\n');
    const inherited = JSON.parse(line.slice('env '.length)) as Record<string, string>;
    expect(inherited).toMatchObject({ MINE: 'kept', COPPICE_HOME: home.home });
    expect(inherited).not.toHaveProperty('TMUX');
    expect(inherited).not.toHaveProperty('NOTIFY_SOCKET');
  });

  test('is started once by many commands at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => cli.run(['ps', '--json'], { env })));
    for (const { code, stdout } of all) expect({ code, stdout }).toEqual({ code: 0, stdout: '{"sessions":[]}\n' });
    // Every daemon that was spawned has come as far as finding the place taken, so none comes up after the end of this test.
    const spawned = all.filter(({ stderr }) => stderr.includes('started one')).length;
    await vi.waitUntil(() => readFileSync(logPath(), 'utf8').match(/^env /gm)?.length === spawned, { timeout: 10_000, interval: 10 });
  });

  test('starts, restarts and stops when told to, whatever COPPICE_NO_AUTOSTART says', async () => {
    const own = { ...env, COPPICE_NO_AUTOSTART: '1' };
    const first = await cli.run(['daemon', 'start', '--json'], { env: own });
    const { started, daemon } = JSON.parse(first.stdout) as { started: boolean; daemon: { pid: number } };
    expect({ code: first.code, started }).toEqual({ code: 0, started: true });
    const again = await cli.run(['daemon', 'start'], { env: own });
    expect(again).toMatchObject({ code: 0, stdout: `The daemon was running already (pid ${daemon.pid}, version 0).\n` });
    const restarted = await cli.run(['daemon', 'restart', '--json'], { env: own });
    const { before, daemon: after } = JSON.parse(restarted.stdout) as Record<'before' | 'daemon', { pid: number }>;
    expect(before.pid).toBe(daemon.pid);
    expect(after.pid).not.toBe(daemon.pid);
    const stopped = await cli.run(['daemon', 'stop'], { env: own });
    expect(stopped).toMatchObject({ code: 0, stdout: `The daemon (pid ${after.pid}) has stopped; terminals keep running.\n` });
    expect((await cli.run(['ps'], { env: own })).code).toBe(3);
  });

  test('listens where --socket says', async () => {
    const socketPath = join(home.home, 'other.sock');
    expect(await cli.run(['ps', '--json', '--socket', socketPath], { env })).toMatchObject({ code: 0, stdout: '{"sessions":[]}\n' });
    await cli.run(['daemon', 'stop', '--socket', socketPath], { env });
  });

  test('comes through systemd when its unit is installed and the place is the usual one', async () => {
    const bin = join(home.home, 'bin');
    const units = join(home.home, '.config', 'systemd', 'user');
    for (const folder of [bin, units]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(units, 'coppice.socket'), '');
    // Stands in for the service manager: it brings the daemon up on the usual socket.
    const script = `#!/bin/sh\necho "$@" > ${home.home}/systemctl.args\nmkdir -p "$XDG_RUNTIME_DIR/coppice"\nCOPPICE_SOCKET="$XDG_RUNTIME_DIR/coppice/coppice.sock" COPPICE_HOME=${home.home} setsid ${process.execPath} ${cli.packageDir}/dist/daemon/main.cjs > /dev/null 2>&1 &\n`;
    writeFileSync(join(bin, 'systemctl'), script, { mode: 0o755 });
    const usual = { HOME: home.home, XDG_RUNTIME_DIR: join(home.home, 'xdg'), PATH: `${bin}:${process.env.PATH}` };
    const { code, stderr } = await cli.run(['ps', '--json'], { env: usual });
    expect(stderr).toBe('coppice: No daemon was running; started one through systemd (coppice.socket).\n');
    expect(code).toBe(0);
    expect(readFileSync(join(home.home, 'systemctl.args'), 'utf8')).toBe('--user start coppice.socket\n');
    await cli.run(['daemon', 'stop'], { env: usual });
  });
});

describe('a daemon that does not come up', () => {
  test('is reported with the last line it wrote, and 3', async () => {
    cli.installDaemon('console.log("first"); console.error("The database is newer."); process.exit(6);');
    const { code, stderr } = await cli.run(['ps'], { env });
    expect(stderr.split('\n').at(-2)).toMatch(
      /^coppice: The daemon was started .*, but it ended at once \(exit status 6: The database is newer\.\)\.$/,
    );
    expect(code).toBe(3);
  });

  test('because it is not built is said so', async () => {
    const { code, stderr } = await cli.run(['ps'], { env });
    expect(stderr).toMatch(/^coppice: No daemon runs, and its program "[^"]+main\.cjs" is missing; build or reinstall coppice\.\n$/);
    expect(code).toBe(3);
  });
});
