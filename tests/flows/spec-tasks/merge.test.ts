// What the work sessions made comes together in the daemon's own worktree, and nothing of the user's changes before the landing.
import { expect, test, vi } from 'vitest';
import { script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

test('conflicting edits block with the files, the agent is asked once, and a new commit resolves it', async () => {
  await using setup = await setUpSpecTasks({ files: { 'shared.txt': 'base\n' } });
  const { client } = setup.daemon;
  const before = await setup.repo.fingerprint();
  const { id } = await setup.started([
    { title: 'Ours', does: ['write shared.txt ours', 'commit Say ours'] },
    { title: 'Theirs', does: ['write shared.txt theirs', 'commit Say theirs'] },
  ]);
  const blocked = await until('a conflict', async () =>
    [...(await setup.workSessions(id)).values()].find(({ blockedReason }) => blockedReason === 'merge_conflict'),
  );
  expect(blocked.blockedDetail).toContain('shared.txt');
  const prompts = async () => (await client.workSession.listPrompts({ id: blocked.id })).prompts;
  await until('the agent to be asked', async () => (await prompts()).length === 2);
  await setup.workSession(
    id,
    blocked.name === 'Ours' ? '1' : '2',
    ({ blockedReason, agentState }) => blockedReason === 'merge_conflict' && agentState?.state === 'idle',
  );
  const { attention } = await client.attention.list({ specTask: id });
  expect(attention.map(({ kind }) => kind)).toContain('merge_conflict');
  const { integrationBranch } = await client.specTask.get({ id });
  await client.workSession.sendPrompt({
    id: blocked.id,
    content: script([`run git merge --quiet --no-edit -X ours ${integrationBranch}`]),
  });
  await setup.reached(id, 'implementation_review');
  expect(await prompts()).toHaveLength(3);
  expect((await client.attention.list({ specTask: id })).attention.map(({ kind }) => kind)).toEqual(['ready_to_land']);
  expect(await setup.repo.fingerprint()).toBe(before);
});

test('a plan-wide verify that fails takes the merge back and asks for attention', async () => {
  await using setup = await setUpSpecTasks({ files: { 'good.txt': 'good\n' } });
  const { client } = setup.daemon;
  const { id } = await setup.started([{ title: 'Breaks it', does: ['write good.txt bad', 'commit Break it'] }], {
    verify: ['grep -q "^good" good.txt'],
  });
  const reverted = await until('the merge to be reverted', async () =>
    (await client.attention.list({ specTask: id })).attention.find(({ kind }) => kind === 'merge_reverted'),
  );
  expect(reverted.workSessionId).toBeDefined();
  const task = await client.specTask.get({ id });
  expect(await setup.repo.git('show', `${task.integrationBranch}:good.txt`)).toBe('good');
});

test('a task verify that fails goes back to the agent with its output, and three times is enough', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const { id } = await setup.started([
    { title: 'Never right', verify: '`test -e right.txt`', does: ['write wrong.txt x', 'commit Do it wrong'] },
  ]);
  const blocked = await setup.workSession(id, '1', ({ blockedReason }) => blockedReason === 'waiting_human');
  expect(blocked.verifyAttempts).toBe(3);
  const { prompts } = await client.workSession.listPrompts({ id: blocked.id });
  expect(prompts).toHaveLength(3);
  expect((await client.attention.list({ specTask: id })).attention.map(({ kind }) => kind)).toContain('verify_failed');
});

test('nothing of the user changes until the landing, which is refused where the base is checked out and says what to run', async () => {
  await using setup = await setUpSpecTasks();
  const { client } = setup.daemon;
  const before = await setup.repo.fingerprint();
  const base = await setup.repo.git('rev-parse', 'master');
  const { id } = await setup.started([{ title: 'Add it', does: ['write new.txt new', 'commit Add it'] }]);
  await setup.reached(id, 'implementation_review');
  expect(await setup.repo.fingerprint()).toBe(before);
  expect(await setup.repo.git('rev-parse', 'master')).toBe(base);
  await expect(client.specTask.land({ id, landing: 'ff' })).rejects.toMatchObject({
    kind: 'PRECONDITION',
    details: { reason: 'base_checked_out', path: setup.repo.path, command: expect.stringContaining('merge --ff-only') },
  });
  expect(await setup.repo.fingerprint()).toBe(before);
  await setup.repo.git('checkout', '--quiet', '-b', 'elsewhere');
  await client.specTask.approveImplementation({ id });
  await client.specTask.land({ id, landing: 'ff' }).catch(() => undefined);
  await setup.reached(id, 'done');
});
