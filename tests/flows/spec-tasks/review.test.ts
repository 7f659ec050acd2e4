// From a request to an approved plan, through the built daemon and without any agent: people hand plans in and decide of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';
import { packageRoot } from '../../helpers/package-root.ts';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 120_000 });

const plan1 = readFileSync(join(packageRoot, 'tests', 'fixtures', 'plans', 'plan1-headings.md'), 'utf8');
const small = '## Task 1: Say hello\n\nPrint a greeting.\n';
const smaller = '## Task 1: Say hello\n\nPrint one word.\n';

test('a plan is turned down with comments, the stale approval is refused, and the next revision is approved once', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id } = await client.specTask.create({ project: setup.project, prompt: 'Greet people' });
  await client.specTask.submitSpecs({ id, plan: small, requirements: 'A greeting appears.', source: 'import' });
  const comment = { specTask: id, revision: 1, document: 'plan', quote: 'a greeting', body: 'One word is enough.' } as const;
  const { id: commentId } = await client.review.addComment(comment);

  expect(await detailsOf(client.specTask.approve({ id, revision: 1 }), 'PRECONDITION')).toMatchObject({ comments: [commentId] });
  expect(await client.specTask.requestChanges({ id, revision: 1, comment: 'And keep it short.' })).toMatchObject({
    status: 'spec_revision',
  });
  await failureOf(client.specTask.submitSpecs({ id, plan: small, requirements: 'A greeting appears.' }), 'CONFLICT');
  expect(await client.specTask.submitSpecs({ id, plan: smaller })).toMatchObject({ number: 2, status: 'in_review' });

  expect(await detailsOf(client.specTask.approve({ id, revision: 1 }), 'CONFLICT')).toEqual({ expected: 1, actual: 2 });
  const { comments, revisions } = await client.review.list({ specTask: id });
  expect(revisions.map(({ status }) => status)).toEqual(['changes_requested', 'in_review']);
  // The quoted text is gone; what was said of the whole is still open.
  expect(comments.map(({ body, status }) => [body, status])).toEqual([
    ['And keep it short.', 'open'],
    ['One word is enough.', 'obsolete'],
  ]);
  await client.review.resolveComment({ id: (comments[0] as { id: string }).id });

  const [one, other] = await Promise.all([1, 2].map(() => client.specTask.approve({ id, revision: 2 })));
  expect([one?.status, other?.status]).toEqual(['spec_approved', 'spec_approved']);
  const events = await setup.daemon.events({ types: ['specTask.approved', 'specTask.changesRequested'] });
  expect(events.map(({ data }) => data)).toEqual([{ revision: 1, comments: 2 }, { revision: 2 }]);
  expect((await client.specTask.overview({ id })).attention).toEqual([]);
});

test('what waits for a review is attention, and the overview is of one moment that can be followed', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id, number } = await client.specTask.create({ project: setup.project, prompt: 'Log people in' });
  await client.specTask.submitSpecs({ id, plan: plan1, source: 'import' });
  const overview = await client.specTask.overview({ id: `#${number}`, project: setup.project });
  expect(overview.specTask).toMatchObject({ id, status: 'spec_review', revision: 1 });
  expect(overview.progress).toMatchObject({ planning: 0.7, overallProgress: 0 });
  expect(overview.attention).toMatchObject([{ kind: 'review', specTaskId: id }]);
  expect(overview.recentActivity.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['specTask.created', 'specTask.statusChanged', 'specTask.specsSubmitted', 'attention.raised']),
  );
  const last = overview.recentActivity.at(-1)?.seq ?? 0;
  expect(overview.asOfSeq).toBeGreaterThanOrEqual(last);
  await client.specTask.approve({ id, revision: 1 });
  const later = await setup.daemon.events({ after: overview.cursor });
  expect(later.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['specTask.approved', 'specTask.statusChanged', 'attention.cleared']),
  );
  expect(later.every(({ seq = 0 }) => seq > overview.asOfSeq)).toBe(true);
});

test('two approvals are needed: one person counts once', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id } = await client.specTask.create({ project: setup.project, prompt: 'Greet people', approvalsRequired: 2 });
  await client.specTask.submitSpecs({ id, plan: small });
  for (let n = 0; n < 2; n++) expect(await client.specTask.approve({ id, revision: 1 })).toMatchObject({ status: 'spec_review' });
  expect(await setup.daemon.events({ types: ['specTask.approvalRecorded'] })).toMatchObject([{ data: { revision: 1, missing: 1 } }]);
});

test('what is wrong with a request, a plan or a decision is told, and changes nothing', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { project } = setup;
  await failureOf(client.specTask.create({ project }), 'INVALID_PARAMS');
  await failureOf(client.specTask.create({ project, prompt: 'x', from: 'ftp://nowhere' }), 'INVALID_PARAMS');
  await failureOf(client.specTask.create({ project, prompt: 'x', template: 'featur' }), 'NOT_FOUND');
  await failureOf(client.specTask.create({ project, prompt: 'x', planningAgent: 'nobody' }), 'MODEL_UNKNOWN');
  await failureOf(client.specTask.create({ project, prompt: 'x', planningAgent: 'command:nothing' }), 'NOT_FOUND');
  await failureOf(client.specTask.create({ project, prompt: 'x', dependsOn: ['#99'] }), 'NOT_FOUND');
  expect((await client.specTask.list({ project })).specTasks).toEqual([]);

  const { id, version } = await client.specTask.create({ project, prompt: 'Greet people' });
  const cycle = '## Task 1: A\n\nDepends on: 2\n\n## Task 2: B\n\nDepends on: 1\n';
  const { diagnostics } = await detailsOf(client.specTask.submitSpecs({ id, plan: cycle }), 'PLAN_INVALID');
  expect(diagnostics).toMatchObject([{ level: 'error', code: 'dependency_cycle' }]);
  await failureOf(client.specTask.getSpecs({ id }), 'NOT_FOUND');
  await failureOf(client.specTask.approve({ id, revision: 1 }), 'NOT_FOUND');
  await failureOf(client.specTask.update({ id, ifVersion: version + 1, priority: 'high' }), 'CONFLICT');
  await failureOf(client.specTask.update({ id, planningAgent: 'command:nothing' }), 'NOT_FOUND');
  const other = await client.specTask.create({ project, prompt: 'Then go', dependsOn: [id] });
  await failureOf(client.specTask.update({ id, dependsOn: [other.id] }), 'INVALID_PARAMS');
  await failureOf(client.specTask.start({ id: other.id }), 'PRECONDITION');
  await failureOf(client.specTask.updatePlan({ id, plan: small }), 'INVALID_TRANSITION');

  await client.specTask.submitSpecs({ id, plan: small });
  await failureOf(client.specTask.start({ id }), 'INVALID_TRANSITION');
  await failureOf(client.specTask.requestChanges({ id, revision: 1 }), 'PRECONDITION');
  await failureOf(client.review.addComment({ specTask: id, revision: 1, document: 'plan', line: 99, body: 'x' }), 'PRECONDITION');
  await failureOf(client.review.addComment({ specTask: id, revision: 1, document: 'plan', quote: 'not there', body: 'x' }), 'PRECONDITION');
  await failureOf(client.review.resolveComment({ id: 'cmt_01arz3ndektsv4rrffq69g5fav' }), 'NOT_FOUND');
  expect(await client.specTask.get({ id })).toMatchObject({ status: 'spec_review', revision: 1 });
});
