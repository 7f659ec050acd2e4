import { describe, expect, test } from 'vitest';
import type { ImplTaskRecord } from '../../../daemon/store/tables/impl-tasks.ts';
import type { WorkSessionRecord } from '../../../daemon/store/tables/work-sessions.ts';
import { overlapOf } from '../../../daemon/work-sessions/file-overlap.ts';
import { schedule, type TaskFacts } from '../../../daemon/work-sessions/schedule.ts';

const impl = (label: string, dependencies: string[] = [], more: Partial<ImplTaskRecord> = {}): ImplTaskRecord => ({
  ...{ id: `imp_${label}`, specTaskId: 'spt_1', label, key: label, index: Number(label), title: `Item ${label}`, description: '' },
  ...{ acceptance: [], effort: 'medium', effortSource: 'default', priority: 'medium', files: [], verify: [], parallel: false },
  ...{
    initialStatus: 'pending',
    startedHint: false,
    requirements: [],
    contentHash: '',
    planRevision: 1,
    drifted: false,
    status: 'pending',
  },
  ...{ dependencies: dependencies.map((of) => `imp_${of}`), createdAt: 0 },
  ...more,
});

const work = (label: string, more: Partial<WorkSessionRecord> = {}): WorkSessionRecord => ({
  ...{ id: `wks_${label}`, specTaskId: 'spt_1', projectId: 'prj_1', implTaskId: `imp_${label}`, kind: 'planned', depth: 0, name: label },
  ...{ description: '', prompt: '', status: 'pending', started: true, required: true, mergeInto: 'integration', base: 'integration' },
  ...{ dependsOn: [], branch: label, attempt: 1, turnsSeen: 0, verifyAttempts: 0, agent: 'claude', createdAt: 0, version: 1 },
  ...more,
});

const task = (implTasks: ImplTaskRecord[], workSessions: WorkSessionRecord[], more: Partial<TaskFacts> = {}): TaskFacts => ({
  specTaskId: 'spt_1',
  priority: 'medium',
  maxConcurrent: 3,
  mayStart: true,
  implTasks,
  workSessions,
  ...more,
});

const readyOf = (...tasks: TaskFacts[]) => schedule(tasks, 4).ready.map(({ id }) => id);

describe('dependencies', () => {
  test('hold up an item until what it needs is completed, which means merged', () => {
    const items = [impl('1'), impl('2', ['1'])];
    expect(readyOf(task(items, [work('1'), work('2')]))).toEqual(['wks_1']);
    const merging = schedule([task(items, [work('1', { status: 'active', stage: 'merging' }), work('2')])], 4);
    expect(merging.ready).toEqual([]);
    expect(merging.waits.get('wks_2')).toBe('waits for 1');
    const done = [impl('1', [], { status: 'completed' }), impl('2', ['1'])];
    expect(readyOf(task(done, [work('1', { status: 'completed' }), work('2')]))).toEqual(['wks_2']);
  });

  test('that the plan had ticked, or that were skipped, hold up nobody', () => {
    const items = [impl('1', [], { status: 'completed' }), impl('2', [], { status: 'skipped' }), impl('3', ['1', '2'])];
    expect(readyOf(task(items, [work('3')]))).toEqual(['wks_3']);
  });

  test('that failed make an item hopeless until they are retried', () => {
    const { hopeless } = schedule([task([impl('1'), impl('2', ['1'])], [work('1', { status: 'failed' }), work('2')])], 4);
    expect(hopeless.get('wks_2')).toBe('1');
  });

  test('on other work sessions count too', () => {
    const child = work('9', { id: 'wks_9', kind: 'spawned', dependsOn: ['wks_8'] });
    const sibling = work('8', { id: 'wks_8', kind: 'spawned', status: 'active', stage: 'running' });
    const { implTaskId: _1, ...free } = child;
    const { implTaskId: _2, ...other } = sibling;
    expect(schedule([task([], [free, other])], 4).waits.get('wks_9')).toBe('waits for "8"');
  });
});

describe('slots', () => {
  test('are counted for the task and for all tasks, and the reason names them', () => {
    const items = ['1', '2', '3', '4'].map((label) => impl(label));
    const own = schedule(
      [
        task(
          items,
          items.map(({ label }) => work(label)),
        ),
      ],
      4,
    );
    expect(own.ready).toHaveLength(3);
    expect(own.waits.get('wks_4')).toBe('waits for a slot: 3 of 3 of this task are taken');
    const two = task(
      items,
      items.map(({ label }) => work(label)),
      { maxConcurrent: 0 },
    );
    const all = schedule([two], 2);
    expect(all.ready).toHaveLength(2);
    expect(all.waits.get('wks_3')).toBe('waits for a slot: all 2 are taken');
  });

  test('are given away by what is blocked', () => {
    const items = [impl('1'), impl('2')];
    const blocked = work('1', { status: 'blocked', blockedReason: 'waiting_human' });
    expect(readyOf(task(items, [blocked, work('2')], { maxConcurrent: 1 }))).toEqual(['wks_2']);
  });

  test('go to the most urgent first: priority, then the longest path behind it, then plan order', () => {
    const items = [impl('1'), impl('2'), impl('3', ['2']), impl('4', [], { priority: 'critical' })];
    expect(
      readyOf(
        task(
          items,
          items.map(({ label }) => work(label)),
        ),
      ),
    ).toEqual(['wks_4', 'wks_2', 'wks_1']);
  });
});

describe('declared files', () => {
  const both = (first: Partial<ImplTaskRecord>, second: Partial<ImplTaskRecord>) =>
    schedule([task([impl('1', [], first), impl('2', [], second)], [work('1'), work('2')])], 4);

  test('that overlap make one wait for the other, and the reason names both', () => {
    const { ready, waits } = both({ files: ['src/a.ts'] }, { files: ['src/**'] });
    expect(ready.map(({ id }) => id)).toEqual(['wks_1']);
    expect(waits.get('wks_2')).toBe('waits for 1, which touches "src/**" too');
  });

  test('do not matter to items that are marked parallel', () => {
    expect(both({ files: ['src/a.ts'] }, { files: ['src/a.ts'], parallel: true }).ready).toHaveLength(2);
  });

  test.each([
    ['a.ts', 'a.ts', true],
    ['src', 'src/a.ts', true],
    ['src/', 'src/a.ts', true],
    ['./src/a.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/deep/b.ts', true],
    ['src/**', 'source/a.ts', false],
    ['src/a.ts', 'src/a.tsx', false],
    ['**/*.md', 'docs/a.md', true],
    ['db/migrations/**', 'src/models/user.ts', false],
  ])('%s and %s may be the same: %s', (one, other, expected) => {
    expect(overlapOf([one], [other]) !== undefined).toBe(expected);
    expect(overlapOf([other], [one]) !== undefined).toBe(expected);
  });
});

test('what was not started, or belongs to a task that starts nothing new, waits and says so', () => {
  expect(schedule([task([impl('1')], [work('1', { started: false })])], 4).waits.get('wks_1')).toBe('waits to be started');
  expect(schedule([task([impl('1')], [work('1')], { mayStart: false })], 4).waits.get('wks_1')).toBe(
    'waits: its spec task starts nothing new',
  );
});
