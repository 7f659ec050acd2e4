// An agent asks, and the daemon dies before anybody answered: the question is still there, and the answer reaches the same turn.
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

test('a permission that is pending over a kill -9 is answered after the restart, and its turn goes on without a second prompt', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon } = setup;
  const { client, home } = daemon;
  const log = home.path('prompts');
  const { id } = await setup.approved([{ title: 'Ask', does: ['ask Run the installer', 'write done.txt yes', 'commit Done'] }], {
    environment: home.env({ FAKE_AGENT_LOG: log }),
  });
  await client.specTask.startImplementation({ id });
  const pending = () => client.permission.list({ specTask: id, status: 'pending' });
  const asked = await until('a permission', async () => (await pending()).permissions[0]);
  expect(asked).toMatchObject({ title: 'Run the installer', status: 'pending' });

  await daemon.kill();
  await daemon.again();
  expect((await pending()).permissions.map((one) => one.id)).toEqual([asked.id]);
  const waiting = await setup.workSession(id, '1', ({ stage }) => stage === 'waiting_human');
  expect(waiting.agentState).toMatchObject({ state: 'waiting_permission', detail: 'Run the installer' });
  await expect(client.permission.answer({ id: asked.id, optionId: 'perhaps' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  await client.permission.answer({ id: asked.id, optionId: 'yes' });
  await expect(client.permission.answer({ id: asked.id, optionId: 'no' })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });

  const task = await setup.reached(id, 'implementation_review');
  expect(await setup.repo.git('show', `${task.integrationBranch}:done.txt`)).toBe('yes');
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);
  expect((await client.attention.list({ specTask: id })).attention.map(({ kind }) => kind)).toEqual(['ready_to_land']);
});
