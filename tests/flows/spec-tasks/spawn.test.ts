// A work session makes others: they begin at what it has, go into its branch, and it is complete only after them.
import { expect, test, vi } from 'vitest';
import { script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

test('a parent waits for its required child, whose work comes with its own; limits are kept, and a cancelled optional child is no hindrance', async () => {
  await using setup = await setUpSpecTasks({ config: '[spec_tasks.limits]\nchildren = 2\nspawn_depth = 1\n' });
  const { daemon, repo } = setup;
  const { client, home } = daemon;
  const gate = home.path('gate');
  const { id } = await setup.started([
    { title: 'Parent', does: ['write base.txt base', 'commit Begin', `wait ${gate}`, 'write own.txt own'] },
  ]);
  const parent = await setup.workSession(id, '1', ({ stage }) => stage === 'running');
  await until('the first commit of the parent', async () => (await client.workSession.diff({ id: parent.id })).committed.length > 0);
  const child = await client.workSession.spawn({
    parentId: parent.id,
    name: 'Child',
    prompt: script(['run test -e base.txt', 'write child.txt child', 'commit Add child.txt']),
  });
  const optional = await client.workSession.spawn({ parentId: parent.id, name: 'Optional', required: false, dependsOn: [child.id] });
  await expect(client.workSession.spawn({ parentId: parent.id, name: 'Third' })).rejects.toMatchObject({
    kind: 'LIMIT_EXCEEDED',
    details: { what: 'children', limit: 2, value: 3 },
  });
  await client.workSession.cancel({ id: optional.id });
  await setup.workSession(id, 'Child', ({ status }) => status === 'active' || status === 'completed');
  await repo.write('gate', '', home.dir);
  const task = await setup.reached(id, 'implementation_review');
  const statuses = [...(await setup.workSessions(id))].map(([label, { status }]) => [label, status]);
  expect(Object.fromEntries(statuses)).toEqual({ 1: 'completed', Child: 'completed', Optional: 'cancelled' });
  const merged = (await daemon.events({ types: ['workSession.merged'] })).map(({ data }) => data as { name: string; into: string });
  expect(merged.map(({ name, into }) => [name, into])).toEqual([
    ['Child', parent.branch],
    ['Parent', task.integrationBranch],
  ]);
  const files = (await repo.git('ls-tree', '--name-only', task.integrationBranch)).split('\n');
  expect(files).toEqual(expect.arrayContaining(['base.txt', 'child.txt', 'own.txt']));
});
