import { expect, test } from 'vitest';
import { compileFilter } from '../../../daemon/events/filter.ts';
import { events } from '../../../schemas/contract.ts';
import { idOf } from '../../helpers/open-store.ts';

const types = Object.keys(events);
const matching = (...globs: string[]): string[] => types.filter((type) => compileFilter({ types: globs })({ type, subject: {} }));

test.each([
  ['session.started', ['session.started']],
  ['step.*', ['step.started', 'step.finished']],
  ['*.removed', ['project.removed', 'schedule.removed', 'session.removed', 'worktree.removed']],
  ['*.reload*', ['config.reloaded', 'config.reloadFailed']],
  ['session', []],
  ['sessionXstarted', []],
])('%s chooses its types', (glob, wanted) => {
  expect(matching(glob).toSorted()).toEqual(wanted.toSorted());
});

test('no types and a star are all types, an empty list is none, several are any of them', () => {
  expect(types.filter((type) => compileFilter({})({ type, subject: {} }))).toEqual(types);
  expect(matching('*')).toEqual(types);
  expect(matching('*.*')).toEqual(types);
  expect(matching()).toEqual([]);
  expect(matching('step.*', 'daemon.started')).toEqual(expect.arrayContaining(['daemon.started', 'step.finished', 'step.started']));
});

test('a subject asks for all its ids; what is undefined asks for nothing', () => {
  const accepts = compileFilter({ subject: { projectId: idOf('prj', 1), sessionId: idOf('ses', 1), worktreeId: undefined } });
  expect(accepts({ type: 'x', subject: { projectId: idOf('prj', 1), sessionId: idOf('ses', 1), worktreeId: idOf('wt', 9) } })).toBe(true);
  expect(accepts({ type: 'x', subject: { projectId: idOf('prj', 1) } })).toBe(false);
  expect(accepts({ type: 'x', subject: { projectId: idOf('prj', 1), sessionId: idOf('ses', 2) } })).toBe(false);
});

test('a hundred stars cost no more than one', () => {
  const accepts = compileFilter({ types: [`${'*'.repeat(99)}Q`, `${'*'.repeat(50)}.${'*'.repeat(48)}Q`] });
  const begun = performance.now();
  for (const type of types) expect(accepts({ type, subject: {} })).toBe(false);
  expect(performance.now() - begun).toBeLessThan(100);
});
