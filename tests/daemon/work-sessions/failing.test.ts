// What fails, what that does to the others, and how it is taken up again.
import { expect, test } from 'vitest';
import { idOf } from '../../helpers/open-store.ts';
import { owner, setUpWork, specTaskId, type WorkSetup } from '../../helpers/work-setup.ts';

async function threadFails(work: WorkSetup, n: number): Promise<void> {
  await work.is(n, { status: 'active' });
  await work.store.write((w) => {
    const thread = w.threads.ofWorkSession(idOf('wks', n));
    w.threads.change(thread?.id as string, { status: 'failed', turn: 'idle' });
    const data = { threadId: thread?.id as string, to: 'failed' as const };
    w.events.append({ type: 'thread.statusChanged', subject: { specTaskId }, actor: 'daemon', data });
  });
  await work.is(n, { status: 'failed' });
}

const chain = [{}, { dependencies: [idOf('imp', 1)] }, { dependencies: [idOf('imp', 2)] }, {}];

test('what needs something that failed is blocked all the way down, and the others go on', async () => {
  await using work = await setUpWork({ items: chain });
  await work.turnBegins(4);
  await threadFails(work, 1);
  await work.is(2, { status: 'blocked', blockedReason: 'dependency_failed' });
  await work.is(3, { status: 'blocked', blockedReason: 'dependency_failed' });
  expect(work.task().status).toBe('implementation');
  await work.turn(4);
  await work.is(4, { status: 'completed' });
  const failed = await work.taskIs('implementation_failed');
  expect(failed.lastError).toContain('Item 1');
});

test('a retry of the spec task takes up what failed, in the same worktree, and what waited for it', async () => {
  await using work = await setUpWork({ items: chain.slice(0, 2) });
  await threadFails(work, 1);
  await work.taskIs('implementation_failed');
  const { worktreeId } = work.get(1);
  await work.service.task.retry(work.task(), undefined, owner);
  await work.is(1, { status: 'active', attempt: 2 });
  expect(work.get(1).worktreeId).toBe(worktreeId);
  expect(work.wishes[1]?.extras?.goesOnIn).toBe(work.get(1).branch);
  expect(work.prompts(1)[1]).toContain('attempt 2');
  await work.turn(1);
  await work.turn(2);
  const reviewed = await work.taskIs('implementation_review');
  expect(reviewed.lastError).toBeUndefined();
});

test('one that failed does not fail the task while another is being provisioned or waits for a slot of other tasks', async () => {
  await using work = await setUpWork({ items: [{}, {}] });
  work.limits = { ...work.limits, slots: 1 };
  await threadFails(work, 1);
  await work.is(2, { status: 'active' });
  expect(work.task().status).toBe('implementation');
});

test('under "pause" nothing new begins, and the task fails when what runs is over', async () => {
  await using work = await setUpWork({ task: { failPolicy: 'pause' }, items: [{}, {}, { dependencies: [idOf('imp', 2)] }] });
  await work.turnBegins(2);
  await threadFails(work, 1);
  await work.turn(2);
  await work.taskIs('implementation_failed');
  expect(work.get(2).status).toBe('completed');
  expect(work.get(3).status).toBe('pending');
});

test('under "fail_fast" what runs ends at once, and a retry takes all of that up again', async () => {
  await using work = await setUpWork({ task: { failPolicy: 'fail_fast' }, items: [{}, {}] });
  await work.turnBegins(2);
  await threadFails(work, 1);
  await work.taskIs('implementation_failed');
  await work.is(2, { status: 'failed' });
  await work.service.task.retry(work.task(), undefined, owner);
  await work.is(1, { status: 'active', attempt: 2 });
  await work.is(2, { status: 'active', attempt: 2 });
});

test('a session that somebody cancels ends its work session as cancelled', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.is(1, { status: 'active' });
  const change = { status: 'cancelled', endedAt: 9 } as const;
  await work.store.write((w) => {
    w.sessions.change(work.get(1).sessionId as string, change);
    w.events.append({ type: 'specTask.updated', subject: { specTaskId }, actor: 'owner', data: { keys: [] } });
  });
  await work.is(1, { status: 'cancelled' });
});

test('the work of a session that vanished is saved before it begins anew, a few times', async () => {
  await using work = await setUpWork({ items: [{}] });
  for (const attempt of [1, 2, 3]) {
    await work.is(1, { status: 'active', attempt });
    await work.store.write((w) => {
      w.sessions.change(work.get(1).sessionId as string, { status: 'lost', endedAt: 9, error: 'the process is gone' });
      w.events.append({ type: 'specTask.updated', subject: { specTaskId }, actor: 'owner', data: { keys: [] } });
    });
  }
  const failed = await work.is(1, { status: 'failed' });
  expect(failed.lastError).toContain('the process is gone');
  expect(work.saved).toEqual([failed.worktreeId, failed.worktreeId]);
});
