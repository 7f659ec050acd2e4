// A plan with a chain and a fan: who runs when, and why the others wait, told by the events.
import { expect, test, vi } from 'vitest';
import type { Event } from '../../../schemas/index.ts';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 120_000 });

const writes = (file: string): string[] => [`write ${file} made\n`.trim(), `commit Add ${file}`];

/** 1 ← 2 ← 3 is the chain; 4, 5 and 6 are the fan on 1. */
const chainAndFan = [
  { title: 'Base', does: writes('base.txt') },
  { title: 'Middle', after: '1', does: writes('middle.txt') },
  { title: 'Top', after: '2', does: writes('top.txt') },
  { title: 'Left', after: '1', does: writes('left.txt') },
  { title: 'Right', after: '1', does: writes('right.txt') },
  { title: 'Far', after: '1', does: writes('far.txt') },
];

/** From becoming active to being over, in positions of the log. */
function spans(events: readonly Event[]): Map<string, { from: number; to: number; merged: number }> {
  const found = new Map<string, { from: number; to: number; merged: number }>();
  const of = (name: string) => found.get(name) ?? { from: Infinity, to: Infinity, merged: Infinity };
  events.forEach(({ type, data }, at) => {
    const { name, to } = data as { name: string; to?: string };
    if (type === 'workSession.merged') found.set(name, { ...of(name), merged: at });
    if (type !== 'workSession.statusChanged') return;
    if (to === 'active' && of(name).from === Infinity) found.set(name, { ...of(name), from: at });
    if (to === 'completed') found.set(name, { ...of(name), to: at });
  });
  return found;
}

test('with three slots a chain and a fan run in order, overlap as far as they may, and nothing begins before what it needs is merged', async () => {
  await using setup = await setUpSpecTasks({ config: '[spec_tasks.limits]\nslots_per_task = 3\n' });
  const { id } = await setup.started(chainAndFan);
  await setup.reached(id, 'implementation_review');
  const events = (await setup.daemon.events()).filter(({ subject }) => subject.specTaskId === id);
  const span = spans(events);
  const at = (name: string) => span.get(name) ?? { from: Infinity, to: Infinity, merged: Infinity };
  for (const name of ['Middle', 'Left', 'Right', 'Far']) expect(at(name).from, name).toBeGreaterThan(at('Base').merged);
  expect(at('Top').from).toBeGreaterThan(at('Middle').merged);
  const running = (position: number) => [...span.values()].filter(({ from, to }) => from <= position && position < to).length;
  const most = Math.max(...events.map((_, position) => running(position)));
  expect(most).toBe(3);
  const { git } = setup.repo;
  const task = await setup.daemon.client.specTask.get({ id });
  const files = (await git('ls-tree', '--name-only', task.integrationBranch)).split('\n');
  expect(files).toEqual(expect.arrayContaining(chainAndFan.map(({ title }) => `${title.toLowerCase()}.txt`)));
});

test('what waits says why: for what it needs, for a slot, for a file', async () => {
  await using setup = await setUpSpecTasks({ config: '[spec_tasks.limits]\nslots_per_task = 2\n' });
  const gate = setup.daemon.home.path('gate');
  const waits = [`wait ${gate}`, 'write a.txt a', 'commit Add a'];
  const { id } = await setup.started([
    { title: 'First', files: '`src/a.ts`', does: waits },
    { title: 'Same file', files: '`src/a.ts`', does: writes('b.txt') },
    { title: 'Second', does: waits.map((line) => line.replaceAll('a.txt', 'c.txt')) },
    { title: 'Third', does: writes('d.txt') },
    { title: 'Needs the first', after: '1', does: writes('e.txt') },
  ]);
  await setup.workSession(id, '1', ({ status }) => status === 'active');
  await setup.workSession(id, '3', ({ status }) => status === 'active');
  const reasons = [...(await setup.workSessions(id))].flatMap(([label, { waitsFor }]) =>
    waitsFor === undefined ? [] : [[label, waitsFor]],
  );
  expect(Object.fromEntries(reasons)).toMatchObject({
    2: expect.stringMatching(/slot|src\/a\.ts/),
    4: expect.stringContaining('slot'),
    5: 'waits for 1',
  });
  await setup.repo.write('gate', '', setup.daemon.home.dir);
  await setup.reached(id, 'implementation_review');
});

test('declared overlap of files serialises, and [P] lifts it', async () => {
  await using setup = await setUpSpecTasks();
  const { id } = await setup.started([
    { title: 'One', files: '`src/a.ts`', does: writes('one.txt') },
    { title: 'Two', files: '`src/a.ts`', does: writes('two.txt') },
  ]);
  await setup.reached(id, 'implementation_review');
  const span = spans((await setup.daemon.events()).filter(({ subject }) => subject.specTaskId === id));
  const one = span.get('One') as { from: number; to: number };
  const two = span.get('Two') as { from: number; to: number };
  expect(one.to < two.from || two.to < one.from).toBe(true);
});

test('a subset brings what it needs when asked to, and is refused when not; a dry run writes nothing', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id } = await setup.approved(chainAndFan);
  await expect(client.specTask.startImplementation({ id, select: ['3'] })).rejects.toMatchObject({
    kind: 'PRECONDITION',
    details: { reason: 'missing_dependency', missing: ['3 needs 2'] },
  });
  const dry = await client.specTask.startImplementation({ id, select: ['3'], includeDependencies: true, dryRun: true });
  expect(dry.selected.map(({ label }) => label)).toEqual(['1', '2', '3']);
  expect((await setup.workSessions(id)).size).toBe(0);
  await client.specTask.startImplementation({ id, select: ['3'], includeDependencies: true });
  await setup.reached(id, 'implementation_review');
  expect([...(await setup.workSessions(id)).keys()]).toEqual(['1', '2', '3']);
  await client.specTask.startImplementation({ id });
  await setup.reached(id, 'implementation');
  await setup.reached(id, 'implementation_review');
  expect([...(await setup.workSessions(id)).keys()].toSorted()).toEqual(['1', '2', '3', '4', '5', '6']);
});
