import { expect, test } from 'vitest';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

test('smoke', { timeout: 100_000 }, async () => {
  await using setup = await setUpSpecTasks();
  const { id } = await setup.started([
    { title: 'Add it', does: ['write new.txt new', 'commit Add it'] },
    { title: 'Then', after: '1', does: ['write b.txt new'] },
  ]);
  try {
    await setup.reached(id, 'implementation_review');
  } catch (error) {
    console.log(JSON.stringify(await setup.overview(id), null, 1).slice(0, 6000));
    console.log(
      setup.daemon.home
        .log()
        .split('\n')
        .filter((l) => /"level":"(error|warn)|"level":[45]0/.test(l))
        .slice(-8)
        .join('\n'),
    );
    throw error;
  }
  const task = await setup.daemon.client.specTask.get({ id });
  console.log(await setup.repo.git('log', '--graph', '--oneline', task.integrationBranch));
  await setup.repo.git('checkout', '-q', '-b', 'other');
  await setup.daemon.client.specTask.land({ id });
  expect((await setup.daemon.client.specTask.get({ id })).status).toBe('done');
  console.log(await setup.repo.git('log', '--graph', '--oneline', 'master'));
});
