// A paused work session ends its turn and is told nothing more until it is resumed.
import { expect, test, vi } from 'vitest';
import { script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

test('a prompt for a paused work session leaves when that is resumed, not before', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, repo } = setup;
  const { client, home } = daemon;
  const { id } = await setup.started([{ title: 'Slow', does: [`wait ${home.path('gate')}`, 'write a.txt a', 'commit Add a'] }]);
  const { id: workSession } = await setup.workSession(id, '1', ({ stage }) => stage === 'running');
  await until('the turn to begin', async () => (await client.thread.list({ specTask: id })).threads[0]?.turn === 'running');
  await client.workSession.pause({ id: workSession });
  const prompt = await client.workSession.sendPrompt({ id: workSession, content: script(['write b.txt b', 'commit Add b']) });
  await repo.write('gate', '', home.dir);
  await until('the turn to end', async () => (await client.thread.list({ specTask: id })).threads[0]?.turns === 1);
  expect(await client.workSession.get({ id: workSession })).toMatchObject({ status: 'blocked', blockedReason: 'paused' });
  await client.workSession.resume({ id: workSession });
  const task = await setup.reached(id, 'implementation_review');
  const events = await daemon.events();
  const left = events.findIndex(({ type, data }) => {
    const { promptId, status } = data as { promptId?: string; status?: string };
    return type === 'prompt.changed' && promptId === prompt.id && status === 'submitted';
  });
  const paused = events.findIndex(({ data }) => (data as { reason?: string }).reason === 'paused');
  const resumed = events.findIndex(
    ({ type, data }, at) => at > paused && type === 'workSession.statusChanged' && (data as { to: string }).to === 'active',
  );
  expect(resumed).toBeGreaterThan(paused);
  expect(left).toBeGreaterThan(resumed);
  expect((await repo.git('ls-tree', '--name-only', task.integrationBranch)).split('\n')).toEqual(
    expect.arrayContaining(['a.txt', 'b.txt']),
  );
});
