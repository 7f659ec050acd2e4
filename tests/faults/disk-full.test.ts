// The disk has no room left in the middle of the work: what fails says so, nothing that was told is lost, and it goes on when there is room.
import { existsSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { expectWholeLog } from '../helpers/promises.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createSmallDisk, rootMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });
const isMissing = rootMissing('mount a disk that can be filled');

const hello = commandFile('hello', { steps: [shell('echo hello')] });
const places = [
  { where: 'as a process', extra: {} },
  { where: 'in a terminal', extra: { session: {} } },
];

async function expectToWork(daemon: RealDaemon, path: string, pid: number): Promise<void> {
  const session = await daemon.ended((await daemon.start(path, 'hello')).id);
  expect(session).toMatchObject({ status: 'succeeded' });
  expect((await daemon.client.session.readOutput({ id: session.id })).data).toBe('hello\n');
  expect(daemon.pid).toBe(pid);
  expect((await daemon.client.daemon.ping()).pid).toBe(pid);
  expect(await daemon.client.daemon.dbCheck()).toMatchObject({ ok: true });
  await expectWholeLog(daemon);
}

for (const { where, extra } of places) {
  test.skipIf(isMissing)(
    `a step ${where} that runs while the disk of the daemon fills up is told with its true end when there is room`,
    async () => {
      await using repo = await createTestRepo();
      const disk = createSmallDisk({ folder: 'state' });
      const { home } = disk;
      const signals = createSignals(home);
      const steps = [shell(`${signals.tell('ran')}; ${signals.waitFor('gate')}; ${signals.tell('ended')}; exit 7`)];
      await using daemon = await startRealDaemon({
        home,
        commands: { hello, slow: commandFile('slow', { ...extra, steps, cleanup_on_failure: [shell(signals.tell('cleaned'))] }) },
      });
      const { pid } = daemon;
      const session = await daemon.start(repo.path, 'slow');
      await signals.lines('ran');

      disk.fill();
      const refused = await daemon.client.auth.createToken({ name: 'phone', scopes: ['read'] }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ kind: 'STORAGE_FAILED', retryable: true, message: expect.stringContaining('is full') });
      signals.open('gate');
      await signals.lines('ended');
      // Reading needs no room, and what is not written down is not told.
      expect(await daemon.client.session.get({ id: session.id })).toMatchObject({ status: 'running' });
      expect((await daemon.client.auth.listTokens()).tokens).toEqual([]);
      expect((await daemon.cli(['ps', '--json'])).exitCode).toBe(0);

      disk.free();
      const ended = await daemon.ended(session.id);
      expect(ended).toMatchObject({ status: 'failed', reason: 'exit' });
      expect(ended.stepRuns.find(({ phase }) => phase === 'main')).toMatchObject({ exitCode: 7, attempt: 1 });
      expect(await signals.lines('ran')).toEqual(['ran']);
      expect(await signals.lines('cleaned')).toEqual(['cleaned']);
      await expectToWork(daemon, repo.path, pid);
    },
  );
}

test.skipIf(isMissing)(
  'a session whose own output fills the disk fails with a true reason, and removing it gives the room back',
  async () => {
    await using repo = await createTestRepo();
    const { home, path } = createSmallDisk({ folder: 'state' });
    await using daemon = await startRealDaemon({
      home,
      commands: { hello, flood: commandFile('flood', { steps: [shell('echo begun; exec cat /dev/zero')] }) },
    });
    const { pid } = daemon;
    const session = await daemon.start(repo.path, 'flood');
    await until('the disk to be full', () => statfsSync(path).bavail === 0);
    const flooded = readdirSync(join(home.stateDir, 'artifacts'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.log'),
    );
    expect(flooded).toHaveLength(1);
    rmSync(join(home.stateDir, 'artifacts', flooded[0] as string));
    const ended = await daemon.ended(session.id);
    expect(ended).toMatchObject({ status: 'failed', reason: 'exit' });
    expect(ended.error).toContain('exit code 1');
    await expectToWork(daemon, repo.path, pid);
  },
);

test.skipIf(isMissing)('a session that is started when no inode is left is refused with the reason, and the next one works', async () => {
  await using repo = await createTestRepo();
  const disk = createSmallDisk({ folder: 'state', mib: 32, inodes: 300 });
  await using daemon = await startRealDaemon({ home: disk.home, commands: { hello } });
  const { pid } = daemon;
  await expectToWork(daemon, repo.path, pid);
  const files: string[] = [];
  try {
    for (;;) {
      const file = join(disk.path, `inode-${files.length}`);
      writeFileSync(file, '');
      files.push(file);
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }

  const ended = await daemon.start(repo.path, 'hello').catch((error: unknown) => error);

  expect(ended).toMatchObject({ kind: 'STORAGE_FAILED', retryable: true, message: expect.stringContaining('is full') });
  for (const file of files) rmSync(file);
  await expectToWork(daemon, repo.path, pid);
});

test.skipIf(isMissing)(
  'a disk of worktrees that is full fails what is made there and leaves nothing of it; work that is there stays',
  async () => {
    await using repo = await createTestRepo();
    await repo.commit('large', { 'large.bin': Buffer.alloc(3 * 1024 * 1024, 'l') });
    const disk = createSmallDisk({ folder: 'data', mib: 8 });
    await using daemon = await startRealDaemon({
      home: disk.home,
      commands: {
        hello,
        make: commandFile('make', {
          arguments: ['n'],
          worktree: { branch: 'made-{{ n }}' },
          steps: [shell('echo kept > kept.txt; cat /dev/zero > filler')],
        }),
      },
    });
    const { pid } = daemon;

    // Its own work fills the disk.
    const first = await daemon.ended((await daemon.start(repo.path, 'make', { arguments: { n: '1' } })).id);
    expect(first).toMatchObject({ status: 'failed', reason: 'exit', error: expect.stringContaining('No space left on device') });
    expect(existsSync(join(first.worktreePath as string, 'kept.txt'))).toBe(true);
    // Nothing can be checked out any more.
    const second = await daemon.ended((await daemon.start(repo.path, 'make', { arguments: { n: '2' } })).id);
    expect(second).toMatchObject({ status: 'failed', error: expect.stringMatching(/No space left on device|no space left on device/) });
    expect(await repo.git('branch', '--format=%(refname:short)')).toBe('made-1\nmaster');
    expect(readdirSync(join(disk.home.worktreesDir, 'repo'))).toHaveLength(1);

    rmSync(join(first.worktreePath as string, 'filler'));
    const third = await daemon.ended((await daemon.start(repo.path, 'make', { arguments: { n: '3' } })).id);
    expect(third).toMatchObject({ status: 'failed', reason: 'exit' });
    expect(existsSync(join(third.worktreePath as string, 'kept.txt'))).toBe(true);
    await expectToWork(daemon, repo.path, pid);
  },
);
