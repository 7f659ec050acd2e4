import { expect, test } from 'vitest';
import { idOf } from '../../helpers/open-store.ts';
import { owner, setUpWork } from '../../helpers/work-setup.ts';

const [one, two, three] = [1, 2, 3].map((n) => idOf('imp', n)) as [string, string, string];
const chain = [{}, { dependencies: [one] }, { dependencies: [two] }];

test('items are listed in plan order, page by page, with their work sessions and why they wait', async () => {
  await using work = await setUpWork({ items: chain });
  await work.is(1, { status: 'active' });
  const { implTasks } = work.service;
  const first = implTasks.list(work.task(), undefined, undefined, 2);
  expect(first.implTasks.map(({ label, status, waitsFor }) => [label, status, waitsFor])).toEqual([
    ['1', 'in_progress', undefined],
    ['2', 'pending', 'waits for 1'],
  ]);
  const rest = implTasks.list(work.task(), undefined, first.nextCursor, 2);
  expect(rest.implTasks.map(({ label, workSessionId }) => [label, workSessionId])).toEqual([['3', idOf('wks', 3)]]);
  expect(rest.nextCursor).toBeUndefined();
  expect(implTasks.list(work.task(), ['in_progress'], undefined, 9).implTasks).toHaveLength(1);
  expect(() => implTasks.list(work.task(), undefined, 'imp_none', 9)).toThrow(/is no cursor/);
});

test('one that has not started is changed, and its agent is told what it says then', async () => {
  await using work = await setUpWork({ items: chain });
  const changed = await work.service.implTasks.update(two, { title: 'Better', acceptance: ['It works'] }, owner);
  expect(changed).toMatchObject({ title: 'Better', acceptance: ['It works'], description: 'Do it' });
  expect(work.get(2)).toMatchObject({ name: 'Better', prompt: expect.stringContaining('It works') });
  await work.turn(1);
  await work.is(2, { status: 'active' });
  await expect(work.service.implTasks.update(two, { title: 'Too late' }, owner)).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
});

test('what is skipped is waited for no longer', async () => {
  await using work = await setUpWork({ items: chain });
  await work.is(1, { status: 'active' });
  expect(await work.service.implTasks.skip(two, undefined, owner)).toMatchObject({ status: 'skipped' });
  expect(await work.service.implTasks.skip(two, undefined, owner)).toMatchObject({ status: 'skipped' });
  await work.is(3, { status: 'active' });
  await expect(work.service.implTasks.skip(one, undefined, owner)).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
  for (const n of [1, 3]) await work.turn(n);
  await work.taskIs('implementation_review');
});

test('dependencies are said anew, and a cycle is refused with its path', async () => {
  await using work = await setUpWork({ items: chain, idle: true });
  const { implTasks } = work.service;
  await expect(implTasks.setDependencies(one, [three], owner)).rejects.toMatchObject({
    kind: 'PLAN_INVALID',
    message: '"1" would wait for itself: 1 → 3 → 2 → 1.',
    details: { diagnostics: [{ code: 'dependency_cycle' }] },
  });
  await expect(implTasks.setDependencies(one, [one], owner)).rejects.toMatchObject({
    details: { diagnostics: [{ code: 'self_dependency' }] },
  });
  await expect(implTasks.setDependencies(one, ['imp_none'], owner)).rejects.toMatchObject({
    details: { diagnostics: [{ code: 'unknown_dependency' }] },
  });
  expect(await implTasks.setDependencies(three, [one, one], owner)).toMatchObject({ dependencies: [one] });
  expect(() => implTasks.get('imp_none')).toThrow(/There is no implementation task/);
});
