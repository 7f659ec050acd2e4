// The adapter zed: an editor is the instance of a spec task, and what it shows runs for as long as it is there.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Editor, startEditor } from '../../helpers/acp-editor.ts';
import { isAlive } from '../../helpers/processes.ts';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const config = '[spec_tasks.limits]\nslots_per_task = 5\nslots = 5\n';

test('an editor serves a task of five: stale, lost and there again, no prompt twice, and nothing is left', {
  timeout: 400_000,
}, async () => {
  using dir = createTempDir();
  const gate = (n: number): string => dir.at(`gate-${n}`);
  await using setup = await setUpSpecTasks({ config });
  const { client, home } = setup.daemon;
  const items = [1, 2, 3, 4, 5].map((n) => ({
    title: `Add file ${n}`,
    does: ['say Begun.', `run echo $PPID > ${dir.at(`agent-${n}`)}`, `wait ${gate(n)}`, `write ${n}.txt made`, `commit Add ${n}`],
  }));
  const task = await setup.approved(items, { adapter: 'zed' });
  await client.specTask.startImplementation({ id: task.id });
  const instance = async () => (await client.instance.list({ specTask: task.id, live: false })).instances[0];
  await until('five places to work', async () => {
    const all = [...(await setup.workSessions(task.id)).values()];
    return all.length === 5 && all.every(({ worktreePath, threadId }) => worktreePath !== undefined && threadId !== undefined);
  });
  // Without an editor nothing is begun.
  expect(await instance()).toMatchObject({ adapter: 'zed', status: 'starting' });
  const labels = await setup.workSessions(task.id);
  const sessions = [...labels.values()];

  const serve = async (): Promise<Editor> => {
    const editor = await startEditor({ cwd: setup.repo.path, env: home.env(), name: 'zed' });
    for (const { id, worktreePath } of sessions) await editor.load(id, worktreePath as string);
    return editor;
  };
  const turns = async () => {
    const { threads } = await client.thread.list({ specTask: task.id });
    return new Map(threads.map(({ workSessionId, turn, status }) => [workSessionId, { turn, status }]));
  };
  const first = await serve();
  await until('all five to be at work', async () => {
    const all = [...(await turns()).values()];
    return all.length === 5 && all.every(({ turn, status }) => turn === 'running' && status === 'active');
  });
  expect(await instance()).toMatchObject({ status: 'ready', capabilities: { agents: 'daemon', editor: { name: 'zed' } } });
  for (const { id } of sessions) await until('its prompt to be shown', () => first.said(id, 'user_message_chunk').includes('Add file'));
  for (const n of [1, 2, 3, 4]) writeFileSync(gate(n), '');
  for (const n of [1, 2, 3, 4]) await setup.workSession(task.id, String(n), ({ status }) => status === 'completed');
  const last = labels.get('5');
  const lastId = last?.id as string;

  first.child.kill('SIGKILL');
  await until('the editor to be stale', async () => (await instance())?.status === 'stale', 100_000);
  // Its agent goes on all the same.
  expect((await turns()).get(lastId)).toEqual({ turn: 'running', status: 'active' });
  await until('the editor to be lost', async () => (await instance())?.status === 'lost', 150_000);
  expect((await turns()).get(lastId)).toEqual({ turn: 'idle', status: 'disconnected' });
  await setup.workSession(task.id, '5', ({ blockedReason }) => blockedReason === 'instance_lost');
  expect((await client.attention.list({ specTask: task.id })).attention).toMatchObject([{ kind: 'instance_lost' }]);

  await using second = await serve();
  await until('the editor to be there again', async () => (await instance())?.status === 'ready');
  await until('its agent to be told that it was interrupted', () =>
    second.said(lastId, 'user_message_chunk').includes('You were interrupted'),
  );
  await setup.reached(task.id, 'implementation_review');
  expect((await setup.overview(task.id)).threads.length).toBe(5);
  const { prompts } = await client.workSession.listPrompts({ id: lastId });
  expect(prompts.filter(({ content }) => content.includes('Add file 5'))).toMatchObject([{ attempts: 1, status: 'accepted' }]);

  const { id } = (await instance()) as { id: string };
  await client.instance.shutdown({ id });
  await until('the instance to be stopped', async () => (await instance())?.status === 'stopped');
  await until('its host to be gone', async () => {
    const { sessions: active } = await client.session.list({ status: ['active'] });
    return active.every(({ commandName }) => commandName !== 'agent-host');
  });
  for (const n of [1, 2, 3, 4, 5]) expect(isAlive(Number(readFileSync(dir.at(`agent-${n}`), 'utf8')))).toBe(false);
});
