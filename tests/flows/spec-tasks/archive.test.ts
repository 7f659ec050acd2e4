// A spec task is put away: what ran for it ends, what it had checked out goes, and what holds work stays.
import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 120_000 });

test('right after the landing all that the task had is taken away, and the user keeps what they had', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id } = await setup.started(
    [
      { title: 'One', does: ['write one.txt 1', 'commit One'] },
      { title: 'Two', does: ['write two.txt 2', 'commit Two'] },
    ],
    { mergeStrategy: 'squash' },
  );
  await setup.reached(id, 'implementation_review');
  await setup.repo.git('checkout', '--quiet', '-b', 'elsewhere');
  const before = await setup.repo.fingerprint();
  const paths = (await client.worktree.list({})).worktrees.map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(2);
  const landed = await client.specTask.land({ id, landing: 'squash' });
  expect(landed.status).toBe('done');
  const { kept, archivedAt } = await client.specTask.archive({ id });
  expect(kept).toEqual([]);
  expect(archivedAt).toBeDefined();
  expect(paths.filter((path) => existsSync(path))).toEqual([]);
  expect(await setup.repo.git('for-each-ref', '--format=%(refname:short)', 'refs/heads')).toBe('elsewhere\nmaster');
  expect(await setup.repo.git('ls-tree', '-r', '--name-only', 'master')).toBe('one.txt\nreadme.txt\ntwo.txt');
  expect(await setup.repo.fingerprint()).toBe(before);
});
