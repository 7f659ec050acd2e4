// An agent whose conversation is damaged: the work session fails with what the agent says, and a retry begins a new conversation.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';
import { victimsOf } from '../../helpers/victims.ts';

vi.setConfig({ testTimeout: 120_000 });

test('work whose conversation can not be opened again is told, and taken up by a retry', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, repo } = setup;
  const { client, home } = daemon;
  const store = home.path('conversations');
  mkdirSync(store);
  const items = [{ title: 'Slow', does: [`wait ${home.path('gate')}`, 'write a.txt a', 'commit Add a'] }];
  const { id } = await setup.approved(items, { environment: { ...home.env(), FAKE_AGENT_STORE: store } });
  await client.specTask.startImplementation({ id });
  const thread = async () => (await client.thread.list({ specTask: id })).threads[0];
  await until('the turn to begin', async () => (await thread())?.turn === 'running');
  const before = (await thread())?.externalId;

  const [conversation = ''] = readdirSync(store);
  writeFileSync(join(store, conversation), '{"turns":');
  const [agent] = (await victimsOf(daemon)).get('agent') ?? [];
  process.kill(agent as number, 'SIGKILL');
  const failed = await setup.reached(id, 'implementation_failed');
  expect(failed.lastError).toMatch(/did not open its conversation again: .*JSON.*; the next attempt begins a new one/);

  writeFileSync(home.path('gate'), '');
  await client.specTask.retry({ id });
  const { integrationBranch } = await setup.reached(id, 'implementation_review');
  expect((await repo.git('ls-tree', '--name-only', integrationBranch)).split('\n')).toContain('a.txt');
  expect((await thread())?.externalId).not.toBe(before);
});
