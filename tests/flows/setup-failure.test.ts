// A session that never came to its steps gives back what it took, and tidies up nowhere but where it was going to work.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

test.each([undefined, 'always', 'on_failure'])('a terminal that fails takes worktree and branch back, with keep %s', async (keep) => {
  await using repo = await createTestRepo({ branch: 'master' });
  const worktree = { branch: 'made', ...(keep === undefined ? {} : { keep }) };
  await using daemon = await startRealDaemon({
    commands: {
      make: commandFile('make', { worktree, session: { working_directory: 'nowhere' }, steps: ['create-worktree', shell('touch ran')] }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'make')).id);

  expect(ended).toMatchObject({ status: 'failed', error: expect.stringContaining('"nowhere"') });
  expect(ended.stepRuns.map(({ name, status }) => `${name}: ${status}`)).toEqual([
    'acquire worktree: succeeded',
    'acquire terminal: failed',
    'create-worktree: skipped',
    'touch ran: skipped',
    'release terminal: succeeded',
    'release worktree: succeeded',
  ]);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  expect(await repo.git('worktree', 'list')).not.toContain('made');
  expect(readdirSync(join(daemon.home.worktreesDir, 'repo'))).toEqual([]);
});

test('without its worktree a session tidies up among its artifacts, never in the checkout of the user', async () => {
  await using repo = await createTestRepo();
  await repo.hook('post-checkout', 'exit 1');
  await repo.write('precious.txt', 'not committed');
  const before = await repo.fingerprint();
  await using home = createHome();
  const signals = createSignals(home);
  const tidy = (name: string) => shell(`${signals.tell(name, '$PWD')}; rm -f precious.txt; git reset -q --hard; touch made`);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      make: commandFile('make', {
        worktree: { branch: 'made' },
        working_directory: 'sub',
        steps: [shell('touch ran')],
        cleanup_on_failure: [tidy('cleanup')],
        finally_steps: [tidy('finally')],
      }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'make')).id);

  expect(ended.status).toBe('failed');
  expect([await signals.lines('cleanup'), await signals.lines('finally')]).toEqual([[ended.artifactDir], [ended.artifactDir]]);
  expect(await repo.fingerprint()).toBe(before);
  expect(readFileSync(join(repo.path, 'precious.txt'), 'utf8')).toBe('not committed');
});

test('a step after the removal of the worktree fails and says so; what tidies up still runs, elsewhere', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      gone: commandFile('gone', {
        worktree: { branch: 'gone' },
        steps: ['worktree-remove', shell(signals.tell('late'))],
        finally_steps: [shell(signals.tell('last', '$PWD'))],
      }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'gone')).id);

  expect(ended).toMatchObject({ status: 'failed', error: expect.stringContaining('was removed while the session ran') });
  expect(signals.has('late')).toBe(false);
  expect(await signals.lines('last')).toEqual([ended.artifactDir]);
  expect(existsSync(ended.worktreePath as string)).toBe(false);
});

test('start on a repository whose branch is master needs no base; it opens a terminal in a worktree of the branch', async () => {
  await using repo = await createTestRepo({ branch: 'master' });
  await using daemon = await startRealDaemon();
  const before = await repo.fingerprint();

  const started = await daemon.cli(['start', 'feature/login'], { cwd: repo.path });

  expect(started).toMatchObject({ exitCode: 0, stderr: '' });
  const session = await daemon.client.session.get({ id: started.stdout.trim() });
  expect(session).toMatchObject({ status: 'succeeded', commandName: 'start', branch: 'feature/login' });
  expect(await repo.git('rev-parse', 'feature/login')).toBe(await repo.git('rev-parse', 'master'));
  expect((await daemon.client.terminal.list({})).terminals).toMatchObject([{ sessionId: session.id, cwd: session.worktreePath }]);
  expect(await repo.fingerprint()).toBe(before);

  const again = await daemon.cli(['start', 'feature/login'], { cwd: repo.path });
  expect(again).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringContaining(session.worktreePath as string) });
  const reused = await daemon.cli(['start', 'feature/login', '--reuse'], { cwd: repo.path });
  expect(reused).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await daemon.client.session.get({ id: reused.stdout.trim() })).toMatchObject({ worktreePath: session.worktreePath });
  expect((await daemon.client.worktree.list({})).worktrees).toHaveLength(1);
  for (const words of [['start'], ['start', 'a..b'], ['start', 'x', '--base', 'nothing']]) {
    expect((await daemon.cli(words, { cwd: repo.path })).exitCode, words.join(' ')).not.toBe(0);
  }
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('feature/login\nmaster');
});
