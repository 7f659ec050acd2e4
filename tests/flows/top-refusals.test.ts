// Where `coppice top` can not be a view, it says what to use instead; and a view that nobody touches costs nothing.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { cliProgram, createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { onTerminal } from '../helpers/terminal-screen.ts';
import { sleeper, startTop } from '../helpers/top.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Longer than V8 waits before it collects in a pause. */
const quietMs = 15_000;

test('without a terminal, with --json, with a dumb one, with an option it has not, or without a daemon, one sentence says so', async () => {
  await using daemon = await startRealDaemon();
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['top'], /^coppice: "top" needs a terminal, and stdin or stdout is none; "coppice ps" prints what runs\.\n$/],
    [['top', '--json'], /^coppice: "top" is a view for people; "coppice ps --json" and "coppice events --follow --json" .*\n$/],
    [['top', '--often'], /^coppice: unknown option '--often'.*\n$/],
    [['top', 'it'], /^coppice: too many arguments.*\n$/],
  ];
  for (const [args, says] of wrong) {
    const { exitCode, stdout, stderr } = await daemon.cli(args);
    expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
    expect(stderr).toMatch(says);
  }
  await using dumb = await onTerminal(daemon.home, ['env', 'TERM=dumb', process.execPath, cliProgram, 'top']);
  expect(await dumb.exitCode()).toBe(2);
  await dumb.shows('TERM is "dumb"');
});

test('without a daemon that may be started it says so before it draws anything', async () => {
  await using home = createHome();
  await using screen = await onTerminal(home, [process.execPath, cliProgram, 'top']);
  expect(await screen.exitCode()).toBe(3);
  await screen.shows('No daemon answers on', 'forbids starting one');
});

test('a signal ends the view in order: the screen and the keys are as they were', async () => {
  await using daemon = await startRealDaemon();
  await using screen = await onTerminal(daemon.home, ['sh', '-c', 'echo before; exec "$0" "$@"', process.execPath, cliProgram, 'top']);
  await screen.shows('coppice  0 projects');
  process.kill(await screen.pid(), 'SIGTERM');
  expect(await screen.exitCode()).toBe(143);
  await screen.shows('before');
  // Whoever comes after it reads lines that are echoed.
  await screen.type('echoed');
  await screen.keys('Enter');
  await screen.shows(/echoed\nechoed/);
});

test('a view of sessions that run costs less than 0.1 s of processor time a minute while nothing happens', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { sleeper } });
  for (let count = 0; count < 5; count += 1) await daemon.start(repo.path, 'sleeper');
  await using screen = await startTop(daemon.home);
  await screen.shows('5 sessions');
  await until('all of them to run', async () => (await screen.text()).match(/by step nap/g)?.length === 5);
  const pid = await screen.pid();
  // What was begun at the start, as compiling and collecting, goes on for a while and is not what is measured.
  let settledAtSeconds = -1;
  for (let now = cpuSeconds(pid); now !== settledAtSeconds; now = cpuSeconds(pid)) {
    settledAtSeconds = now;
    await delay(quietMs);
  }
  // V8 may tidy up once more, long after; that happens in one minute and not in the next.
  let seconds = Number.POSITIVE_INFINITY;
  for (let minute = 0; minute < 2 && seconds >= 0.1; minute += 1) {
    const before = cpuSeconds(pid);
    await delay(60_000);
    seconds = cpuSeconds(pid) - before;
  }
  process.stderr.write(`top: ${seconds.toFixed(2)} s of processor time in 60 s\n`);
  expect(seconds).toBeLessThan(0.1);
  // And it is still there.
  const { slug } = await daemon.start(repo.path, 'sleeper');
  await screen.shows('6 sessions', slug);
});

/** utime and stime, which the kernel counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
