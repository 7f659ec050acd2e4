// The process that forks programs for the daemon dies: what it ran is told or run again, steps live on, and the next program has another.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, putProgram, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';
import { spawnerOf } from '../helpers/victims.ts';

const make = commandFile('make', { worktree: { branch: 'made', keep: 'always' }, steps: [shell('true')] });

async function killSpawner(daemon: RealDaemon): Promise<number> {
  const pid = spawnerOf(daemon);
  if (pid === undefined) throw new Error('the daemon has no spawner');
  process.kill(pid, 'SIGKILL');
  await until('the spawner to be dead', () => !isAlive(pid));
  return pid;
}

test('a spawner that is killed while git makes a worktree fails the session by name and leaves nothing; the next one succeeds', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await repo.hook('post-checkout', `${signals.tell('hook', '$$')}\n${signals.waitFor('gate')}`);
  await using daemon = await startRealDaemon({ home, commands: { make } });
  const { pid } = daemon;
  const session = await daemon.start(repo.path, 'make');
  await signals.lines('hook');
  const first = await killSpawner(daemon);
  const ended = await daemon.ended(session.id);

  expect([ended.status, ended.error]).toEqual(['failed', expect.stringMatching(/ended with SIGKILL.*'git worktree' was lost.*call again/)]);
  expect((await daemon.client.daemon.ping()).pid).toBe(pid);
  expect((await repo.git('worktree', 'list', '--porcelain')).match(/^worktree /gm)).toHaveLength(1);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  signals.open('gate');
  expect(await daemon.ended((await daemon.start(repo.path, 'make')).id)).toMatchObject({ status: 'succeeded' });
  expect(spawnerOf(daemon)).not.toBe(first);
  expect(home.log()).not.toMatch(/"level":"fatal"|by a bug/);
});

test('a git that only looks is asked again when its spawner is killed', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  // A status that is told to, once, never answers.
  const hangs = `case " $* " in *" status "*) rm ${signals.path('hang')} 2>/dev/null && { ${signals.tell('asked')}; ${signals.waitFor('never')}; } ;; esac`;
  const PATH = putProgram(home.path('user'), 'git', `${hangs}\nPATH="\${PATH#*:}" exec git "$@"`);
  await using daemon = await startRealDaemon({ home, commands: { make }, env: { PATH } });
  const { id } = await daemon.start(repo.path, 'make');
  expect(await daemon.ended(id)).toMatchObject({ status: 'succeeded' });
  const { worktrees } = await daemon.client.worktree.list({ project: repo.path });
  signals.open('hang');
  const answer = daemon.client.worktree.get({ worktree: worktrees[0]?.id as string });
  await signals.lines('asked');
  await killSpawner(daemon);
  expect(await answer).toMatchObject({ clean: true });
});

test('steps live on when their spawner is killed, and end as they end', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const wait = (name: string) => `${signals.tell(name, '$$')}; ${signals.waitFor('gate')}; exit 7`;
  const commands = {
    beside: commandFile('beside', { steps: [shell(wait('beside'), { run_in: 'process' })] }),
    inside: commandFile('inside', { session: {}, steps: [shell(wait('inside'))] }),
    make,
  };
  await using daemon = await startRealDaemon({ home, commands });
  const sessions = [await daemon.start(repo.path, 'beside'), await daemon.start(repo.path, 'inside')];
  const pids = [Number((await signals.lines('beside'))[0]), Number((await signals.lines('inside'))[0])];
  const first = await killSpawner(daemon);
  expect(await daemon.ended((await daemon.start(repo.path, 'make')).id)).toMatchObject({ status: 'succeeded' });
  expect(spawnerOf(daemon)).not.toBe(first);
  expect(pids.map(isAlive)).toEqual([true, true]);
  signals.open('gate');
  for (const { id } of sessions) {
    const { status, stepRuns } = await daemon.ended(id);
    expect(status).toBe('failed');
    expect(stepRuns.flatMap(({ type, exitCode }) => (type === 'shell' ? [exitCode] : []))).toEqual([7]);
  }
  expect(await signals.lines('beside')).toHaveLength(1);
  expect(await signals.lines('inside')).toHaveLength(1);
});

test('a spawner has nothing of the daemon open, shows nothing of it, and ends with a daemon that is killed', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, commands: { make }, env: { CANARY_SECRET: 'canary' } });
  await daemon.ended((await daemon.start(repo.path, 'make')).id);
  const pid = spawnerOf(daemon) as number;
  const openOf = (of: number): string[] => readdirSync(`/proc/${of}/fd`).map((fd) => readlinkSync(`/proc/${of}/fd/${fd}`));
  // Its three pipes, which the daemon has the other ends of, the folder where programs start, and where they read nothing.
  const open = openOf(pid);
  expect(open.filter((target) => target.startsWith('socket:'))).toHaveLength(3);
  const started = readlinkSync(`/proc/${daemon.pid}/cwd`);
  expect(open.filter((target) => !target.startsWith('socket:')).sort()).toEqual([started, '/dev/null'].sort());
  const shared = openOf(daemon.pid).filter((target) => target.startsWith('socket:'));
  expect(open.filter((target) => shared.includes(target))).toEqual([]);
  for (const file of ['cmdline', 'environ']) expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toMatch(/canary|COPPICE/i);
  await daemon.kill();
  await until('the spawner to be dead', () => !isAlive(pid));
});
