// From the approved plan to the review, with an agent, sessions and git that the test plays.
import { expect, test } from 'vitest';
import { idOf } from '../../helpers/open-store.ts';
import { setUpWork, specTaskId } from '../../helpers/work-setup.ts';

const wrong = { passed: false, command: 'make check', exitCode: 2, outputTail: 'not right' } as const;

test('a work session gets a session, a thread and its first prompt, and is merged and completed when its turn is over', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.is(1, { status: 'active', stage: 'running' });
  expect(work.prompts(1)).toEqual(['Do item 1']);
  await work.turn(1);
  const done = await work.is(1, { status: 'completed' });
  expect(done.mergedCommit).toBeDefined();
  expect(work.git.merged).toEqual([done.branch]);
  await work.taskIs('implementation_review');
  expect(work.attention()).toEqual(['ready_to_land']);
  expect([...work.ended.values()]).toEqual([undefined]);
  expect(work.store.read((r) => r.threads.ofWorkSession(done.id)?.status)).toBe('completed');
});

test('work that changed nothing is completed without a merge', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turn(1, { commits: false });
  await work.is(1, { status: 'completed' });
  expect(work.git.merged).toEqual([]);
});

test('what depends on another begins when that is merged, and what it waits for is told', async () => {
  await using work = await setUpWork({ items: [{}, { dependencies: [idOf('imp', 1)] }] });
  await work.is(1, { status: 'active' });
  expect(work.service.get(idOf('wks', 2)).waitsFor).toBe('waits for 1');
  await work.turn(1);
  await work.is(2, { status: 'active', stage: 'running' });
  expect(work.get(1).status).toBe('completed');
});

test('no more than the slots allow run at once', async () => {
  await using work = await setUpWork({ items: [{}, {}, {}, {}] });
  for (const n of [1, 2, 3]) await work.is(n, { status: 'active' });
  await work.is(4, { status: 'pending', stage: 'waiting_slot' });
  await work.turn(2);
  await work.is(4, { status: 'active' });
});

test('a verification that fails goes back to the agent with its output, and the third time a human is asked', async () => {
  await using work = await setUpWork({ items: [{ verify: ['make check'] }] });
  work.git.verdicts.push(wrong, wrong, wrong);
  for (const prompts of [1, 2, 3]) {
    await work.turn(1);
    if (prompts < 3) await work.is(1, { status: 'active', stage: 'running', verifyAttempts: prompts });
  }
  await work.is(1, { status: 'blocked', blockedReason: 'waiting_human', verifyAttempts: 3 });
  expect(work.prompts(1)).toHaveLength(3);
  expect(work.prompts(1)[1]).toContain('not right');
  expect(work.attention()).toEqual(['verify_failed']);
  await work.service.resume({ id: idOf('wks', 1), prompt: 'Look at line 3' }, { actor: 'owner' });
  expect(work.attention()).toEqual([]);
  await work.turn(1);
  await work.is(1, { status: 'completed' });
});

test('verifications that passed do not count against the next one that fails', async () => {
  await using work = await setUpWork({ items: [{ verify: ['make check'] }] });
  work.git.conflicting.add(work.get(1).branch);
  await work.turn(1);
  await work.is(1, { blockedReason: 'merge_conflict' });
  await work.turn(1);
  await work.is(1, { blockedReason: 'merge_conflict', headCommit: work.get(1).conflictAskedFor as string });
  expect(work.get(1).verifyAttempts).toBe(0);
});

test('a conflict blocks with the files, is asked once for each head, and a new commit is tried again', async () => {
  await using work = await setUpWork({ items: [{}] });
  work.git.conflicting.add(work.get(1).branch);
  await work.turn(1);
  const blocked = await work.is(1, { status: 'blocked', blockedReason: 'merge_conflict' });
  expect(blocked.blockedDetail).toContain('shared.txt');
  expect(work.attention()).toEqual(['merge_conflict']);
  expect(work.prompts(1)).toHaveLength(2);
  await work.turn(1, { commits: false });
  await work.is(1, { blockedReason: 'merge_conflict', turnsSeen: 2 });
  expect(work.prompts(1)).toHaveLength(2);
  work.git.conflicting.clear();
  await work.service.merge({ id: blocked.id }, { actor: 'owner' });
  await work.is(1, { status: 'completed' });
  await work.taskIs('implementation_review');
  expect(work.attention()).toEqual(['ready_to_land']);
});

test('a plan-wide verification that fails takes the merge back and asks a human', async () => {
  await using work = await setUpWork({
    task: { implementation: { autoStart: true, agents: {}, verify: ['make all'], mergeMode: 'auto', mergeStrategy: 'merge', env: {} } },
    items: [{}],
  });
  work.git.verdicts.push({ ...wrong, command: 'make all' });
  await work.turn(1);
  await work.is(1, { status: 'blocked', blockedReason: 'waiting_human' });
  expect(work.git.reverted).toHaveLength(1);
  expect(work.attention()).toEqual(['merge_reverted']);
  expect(work.get(1).mergedCommit).toBeUndefined();
});

test('a merge that can not be taken back any more stays, and a human is asked instead of trying for ever', async () => {
  await using work = await setUpWork({
    task: { implementation: { autoStart: true, agents: {}, verify: ['make all'], mergeMode: 'auto', mergeStrategy: 'merge', env: {} } },
    items: [{}],
  });
  work.git.movedOn = true;
  work.git.verdicts.push({ ...wrong, command: 'make all' });
  await work.turn(1);
  await work.is(1, { status: 'blocked', blockedReason: 'waiting_human' });
  expect(work.get(1).blockedDetail).toContain('could not be taken back');
  expect(work.git.reverted).toEqual([]);
  expect(work.attention()).toEqual(['verify_failed']);
});

test('who made no commit is complete, and says so', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turn(1, { commits: false });
  await work.is(1, { status: 'completed', summary: 'It made no commit, so there was nothing to merge.' });
  expect(work.git.merged).toEqual([]);
});

test('with a manual merge the work waits until somebody asks for it', async () => {
  await using work = await setUpWork({
    task: { implementation: { autoStart: true, agents: {}, verify: [], mergeMode: 'manual', mergeStrategy: 'merge', env: {} } },
    items: [{}],
  });
  await work.turn(1);
  await work.is(1, { status: 'active', stage: 'awaiting_merge' });
  expect(work.git.merged).toEqual([]);
  await work.service.merge({ id: idOf('wks', 1) }, { actor: 'owner' });
  await work.is(1, { status: 'completed' });
});

test('an interrupted turn gets a new prompt, never the old one again', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turn(1, { interrupted: true });
  await work.is(1, { status: 'active', stage: 'running', turnsSeen: 1 });
  expect(work.prompts(1)).toHaveLength(2);
  expect(work.prompts(1)[1]).not.toBe('Do item 1');
});

test('a thread that is disconnected blocks, and goes on when it is back', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  const change = (status: 'disconnected' | 'active') =>
    work.store.write((w) => {
      const thread = w.threads.ofWorkSession(idOf('wks', 1));
      w.threads.change(thread?.id as string, { status });
      const data = { threadId: thread?.id as string, to: status };
      w.events.append({ type: 'thread.statusChanged', subject: { specTaskId }, actor: 'daemon', data });
    });
  await change('disconnected');
  await work.is(1, { status: 'blocked', blockedReason: 'instance_lost' });
  await change('active');
  await work.is(1, { status: 'active', stage: 'running' });
});

test('a prompt that did not reach the agent asks a human instead of waiting for ever', async () => {
  await using work = await setUpWork({ items: [{}] });
  await work.is(1, { status: 'active' });
  await work.store.write((w) => {
    const [prompt] = w.prompts.openOfWorkSession(idOf('wks', 1));
    w.prompts.change(prompt?.id as string, { status: 'failed', failure: 'no proof' });
    w.threads.change(prompt?.threadId as string, { status: 'active' });
    const data = { promptId: prompt?.id as string, workSessionId: idOf('wks', 1), status: 'failed' as const };
    w.events.append({ type: 'prompt.changed', subject: { specTaskId }, actor: 'daemon', data });
  });
  const blocked = await work.is(1, { status: 'blocked', blockedReason: 'waiting_human' });
  expect(blocked.blockedDetail).toContain('no proof');
  expect(work.prompts(1)).toHaveLength(1);
});

test('a daemon that starts anew in each stage comes to the same end', async () => {
  await using work = await setUpWork({ items: [{ verify: ['make check'] }, { dependencies: [idOf('imp', 1)] }] });
  await work.restart();
  await work.is(1, { status: 'active', stage: 'running' });
  await work.restart();
  work.git.hold = new Promise(() => undefined);
  await work.turn(1);
  await work.is(1, { stage: 'verifying' });
  await work.restart();
  expect(work.get(1).stage).toBe('verifying');
  delete work.git.hold;
  await work.restart();
  await work.is(1, { status: 'completed' });
  expect(work.prompts(1)).toHaveLength(1);
  expect(work.git.merged).toHaveLength(1);
  await work.turn(2);
  await work.taskIs('implementation_review');
});
