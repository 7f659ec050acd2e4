// Programs that run when a worktree is made and before it goes.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failureOf } from '../helpers/failure-of.ts';
import { createSignals } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

test('hooks run in the worktree; one that fails takes a new worktree back, and keeps an old one', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const write = (create: string, remove: string): void =>
    home.writeConfig(
      `[hooks]\npost_create = [["sh", "-c", ${JSON.stringify(create)}]]\npre_remove = [["sh", "-c", ${JSON.stringify(remove)}]]\n`,
    );
  write(
    `pwd > ${home.path('made')}; echo $COPPICE_HOOK $COPPICE_BRANCH_NAME $COPPICE_PROJECT_PATH >> ${home.path('made')}`,
    'echo not yet; exit 3',
  );
  await using daemon = await startRealDaemon({ home });

  const { path } = await createWorktree(daemon, repo, 'work');
  expect(readFileSync(home.path('made'), 'utf8')).toBe(`${path}\npost_create work ${repo.path}\n`);
  const kept = await failureOf(daemon.client.worktree.remove({ worktree: 'work' }), 'TOOL_FAILED');
  expect(kept).toMatchObject({
    message: expect.stringContaining('not yet'),
    details: { hook: 'pre_remove', exitCode: 3 },
  });
  expect(existsSync(path)).toBe(true);

  write('echo half > half.txt; echo no luck >&2; exit 1', `echo bye > ${home.path('bye')}`);
  await daemon.client.config.reload();
  const refused = await failureOf(createWorktree(daemon, repo, 'broken'), 'TOOL_FAILED');
  expect(refused).toMatchObject({ message: expect.stringContaining('no luck') });
  expect(await repo.git('branch', '--list', 'broken')).toBe('');
  expect((await daemon.client.worktree.list({})).worktrees).toHaveLength(1);

  await daemon.client.worktree.remove({ worktree: 'work' });
  expect(readFileSync(home.path('bye'), 'utf8')).toBe('bye\n');

  // What a hook leaves behind is work like any other.
  write('true', 'echo dump > dump.sql');
  await daemon.client.config.reload();
  await createWorktree(daemon, repo, 'third');
  await expect(daemon.client.worktree.remove({ worktree: 'third' })).rejects.toMatchObject({
    kind: 'WORK_AT_RISK',
    details: { paths: ['dump.sql'] },
  });
});

test('while a hook works on a new worktree others are made, and its removal waits until it is there', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const slow = `[ $COPPICE_BRANCH_NAME != slow ] || { ${signals.tell('begun')}; ${signals.waitFor('go')}; }`;
  home.writeConfig(`[hooks]\npost_create = [["sh", "-c", ${JSON.stringify(slow)}]]\n`);
  await using daemon = await startRealDaemon({ home });
  const making = createWorktree(daemon, repo, 'slow');
  await signals.lines('begun');

  await createWorktree(daemon, repo, 'quick');
  await failureOf(createWorktree(daemon, repo, 'slow'), 'ALREADY_EXISTS');
  const removed = daemon.client.worktree.remove({ worktree: 'slow' }).then(() => signals.has('go'));
  signals.open('go');
  const { path } = await making;
  expect(await removed).toBe(true);
  expect(existsSync(path)).toBe(false);
  expect(await repo.git('branch', '--list', 'slow')).toBe('');
  expect((await daemon.client.worktree.list({})).worktrees.map(({ branch }) => branch)).toEqual(['quick']);
});

test('of many worktrees asked for at once, those of one branch are one, and all others are made', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({});
  const branches = ['a', 'b', 'a', 'c/d', 'c', 'b', 'e'];
  const asked = await Promise.allSettled(branches.map((branch) => createWorktree(daemon, repo, branch)));
  const made = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value.branch] : []));
  const refused = asked.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { kind?: string }).kind] : []));
  // Git keeps branches like files: of "c" and "c/d" only one can be.
  expect(made.toSorted()).toEqual(['a', 'b', made.includes('c') ? 'c' : 'c/d', 'e']);
  expect(refused).toEqual(['ALREADY_EXISTS', 'ALREADY_EXISTS', 'ALREADY_EXISTS']);
  expect((await repo.git('worktree', 'list')).trim().split('\n')).toHaveLength(5);
  expect(await repo.git('worktree', 'prune', '--dry-run')).toBe('');
});
