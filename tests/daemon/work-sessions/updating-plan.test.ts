// A plan that is replaced while it is worked on, over a real store.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAttentionService } from '../../../daemon/attention/service.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { byDaemon, type Origin } from '../../../daemon/kernel/origin.ts';
import { parsePlan } from '../../../daemon/spec-tasks/plan/parse-plan.ts';
import { progressOfTask } from '../../../daemon/spec-tasks/progress-of-task.ts';
import { createRowsForPlan } from '../../../daemon/spec-tasks/rows-for-plan.ts';
import { moveWorkSession } from '../../../daemon/work-sessions/transition.ts';
import { updatePlan } from '../../../daemon/work-sessions/updating-plan.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';
import { packageRoot } from '../../helpers/package-root.ts';
import { specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';

const owner: Origin = { actor: 'owner' };
const item = (label: number, title: string, ...body: readonly string[]) => [`## Task ${label}: ${title}`, '', ...body, ''].join('\n');
const plan1 = readFileSync(join(packageRoot, 'tests', 'fixtures', 'plans', 'plan1-headings.md'), 'utf8');

async function setUp(plan: string) {
  const opened = openTestStore();
  const { store } = opened;
  const clock = createManualClock();
  const ids = createIds(clock);
  const attention = createAttentionService({ store, clock, ids });
  const rowsFor = createRowsForPlan({ clock, ids });
  const task = specTaskRow(1, { revision: 0 });
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.specTasks.insert(task);
    for (const row of rowsFor(task, plan).rows) w.implTasks.insert(row);
  });
  const rows = () => store.read((r) => r.implTasks.ofSpecTask(task.id));
  const row = (key: string) => rows().find((one) => one.key === key);
  const works = async (key: string, more: Parameters<typeof workSessionRow>[1] = {}) => {
    const n = store.read((r) => r.workSessions.ofSpecTask(task.id).length) + 1;
    const workSession = workSessionRow(n, { implTaskId: row(key)?.id as string, status: 'pending', stage: 'waiting_slot', ...more });
    await store.write((w) => w.workSessions.insert(workSession));
    return workSession.id;
  };
  const update = async (text: string, ifVersion?: number) =>
    (await updatePlan({ store, clock, ids, attention, parsePlan, rowsFor }, task, { plan: text, ifVersion }, owner)).changes;
  return { opened, store, clock, task, rows, row, works, update, attention: () => store.read((r) => r.attention.openOfSpecTask(task.id)) };
}

test('what is the same stays, also under another label; what depends on it finds it', async () => {
  const { opened, rows, row, update, works } = await setUp(item(1, 'Alpha') + item(2, 'Beta', 'Depends on: 1'));
  using _ = opened;
  await works('alpha', { status: 'completed', startedAt: 1 });
  const before = new Map(rows().map(({ key, id }) => [key, id]));
  const changes = await update(
    item(1, 'Zero') + item(2, 'Alpha') + item(3, 'Beta', 'Depends on: 2') + item(4, 'Gamma', 'Depends on: 3, 1'),
  );
  expect(changes.map(({ label, change }) => `${label} ${change}`)).toEqual(['1 added', '2 unchanged', '3 updated', '4 added']);
  expect(row('alpha')?.id).toBe(before.get('alpha'));
  expect(row('beta')?.id).toBe(before.get('beta'));
  expect(row('beta')?.dependencies).toEqual([before.get('alpha')]);
  expect(row('gamma')?.dependencies.toSorted()).toEqual([row('beta')?.id, row('zero')?.id].toSorted());
});

test('what nobody began says the new words, and so does the prompt of who waits to do it', async () => {
  const { opened, store, row, update, works } = await setUp(item(1, 'Alpha', 'Old words.'));
  using _ = opened;
  const id = await works('alpha');
  expect(await update(item(1, 'Alpha', 'New words.'))).toEqual([{ label: '1', change: 'updated' }]);
  expect(row('alpha')).toMatchObject({ description: 'New words.', drifted: false });
  expect(store.read((r) => r.workSessions.get(id))?.prompt).toContain('New words.');
});

test('what was started keeps its words and is drifted, until the plan says the same again', async () => {
  const { opened, row, update, works, attention } = await setUp(item(1, 'Alpha', 'Old words.'));
  using _ = opened;
  const id = await works('alpha', { status: 'active', stage: 'running', startedAt: 1 });
  expect(await update(item(1, 'Alpha', 'New words.'))).toEqual([{ label: '1', change: 'drifted' }]);
  expect(row('alpha')).toMatchObject({ description: 'Old words.', drifted: true });
  expect(attention()).toMatchObject([{ kind: 'drifted', workSessionId: id, remedy: `coppice work cancel ${id}` }]);
  expect(await update(item(1, 'Alpha', 'Old words.'))).toEqual([{ label: '1', change: 'unchanged' }]);
  expect(row('alpha')).toMatchObject({ drifted: false });
  expect(attention()).toEqual([]);
});

test('what is gone is obsolete and nobody does it any more; when it was started, a human is asked; back in the plan it is to be done', async () => {
  const all = item(1, 'Alpha') + item(2, 'Beta') + item(3, 'Gamma');
  const { opened, store, row, update, works, attention } = await setUp(all);
  using _ = opened;
  const alpha = await works('alpha');
  await works('beta', { status: 'active', stage: 'running', startedAt: 1 });
  const gone = await update(item(3, 'Gamma'));
  expect(gone.map(({ label, change }) => `${label} ${change}`)).toEqual(['3 unchanged', '1 obsolete', '2 question']);
  expect(row('alpha')?.status).toBe('obsolete');
  expect(store.read((r) => r.workSessions.get(alpha))?.status).toBe('cancelled');
  expect(row('beta')?.status).not.toBe('obsolete');
  expect(attention()).toMatchObject([{ kind: 'question', refId: row('beta')?.id }]);
  expect((await update(all)).map(({ change }) => change)).toEqual(['updated', 'unchanged', 'unchanged']);
  expect(row('alpha')?.status).toBe('pending');
  expect(store.read((r) => r.workSessions.get(alpha))?.status).toBe('pending');
  expect(attention()).toEqual([]);
});

test('a wrong plan, another version and a task without an approved plan change nothing', async () => {
  const { opened, store, task, rows, update } = await setUp(item(1, 'Alpha'));
  using _ = opened;
  const before = rows();
  await failureOf(update(item(1, 'Alpha', 'Depends on: 1')), 'PLAN_INVALID');
  await failureOf(update(item(1, 'Beta'), 7), 'CONFLICT');
  await store.write((w) => w.specTasks.change(task.id, { status: 'spec_review' }));
  await failureOf(update(item(1, 'Beta')), 'INVALID_TRANSITION');
  expect(rows()).toEqual(before);
  expect(store.read((r) => r.reviews.revisions(task.id))).toEqual([]);
});

test('of the first fixture plan, one merged and one reported at 0.6 make a quarter, and 0.4133 by weight', async () => {
  const { opened, store, clock, task, works } = await setUp(plan1);
  using _ = opened;
  const first = await works('database-schema-and-migrations', { status: 'active', stage: 'merging', startedAt: 1 });
  await works('authentication-api-endpoints', { status: 'pending', progress: 0.6 });
  await store.write((w) => {
    moveWorkSession(w, first, { to: 'completed' }, { actor: byDaemon.actor, now: clock.now() });
    const second = w.workSessions.ofSpecTask(task.id).at(-1)?.id as string;
    moveWorkSession(w, second, { to: 'active', stage: 'running' }, { actor: byDaemon.actor, now: clock.now() });
  });
  const progress = store.read((r) => progressOfTask(r, task));
  expect(progress.overallProgress).toBe(0.25);
  expect(progress.weighted).toBeCloseTo(0.1 + (0.8 * 3.4) / 9 + 0.1 / 9, 12);
  expect(progress.weighted).toBeCloseTo(0.4133, 4);
});
