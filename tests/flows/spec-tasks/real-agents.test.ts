// The main promise with real agents: a plan of five items, done by Claude Code and Codex side by side, each in a worktree of its own,
// merged in the order of the plan, landed, while the user's checkout stays what it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startModelStub } from '../../helpers/model-stub.ts';
import { programOf, realAgentsMissing, setUpAgentHome } from '../../helpers/real-agents.ts';
import { type Item, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

const agentsConfig = (permissions: 'allow' | 'ask'): string =>
  [['claude', 'claude-agent-acp'] as const, ['codex', 'codex-acp'] as const]
    .map(([name, program]) => `[agents.${name}]\ncommand = ["${programOf(program)}"]\npermissions = "${permissions}"`)
    .join('\n');

const items: readonly Item[] = [
  { title: 'Write the words', does: ['write words.txt apple', 'commit Add the words'] },
  { title: 'Write the numbers', does: ['write numbers.txt 42', 'commit Add the numbers'] },
  { title: 'Shout', after: '1', does: ['run tr a-z A-Z < words.txt > loud.txt', 'commit Shout'] },
  { title: 'Join', after: '1, 2', does: ['run cat words.txt numbers.txt > joined.txt', 'commit Join'], verify: 'grep -q 42 joined.txt' },
  { title: 'Count', after: '3, 4', does: ['run cat loud.txt joined.txt | wc -l | tr -d " " > count.txt', 'commit Count'] },
];

async function setUp(permissions: 'allow' | 'ask') {
  const model = await startModelStub();
  const setup = await setUpSpecTasks({ config: agentsConfig(permissions) });
  const { home } = setup.daemon;
  const agentEnv = setUpAgentHome({ home: home.path('agents'), model: model.url, trusted: [setup.repo.path] });
  return {
    ...{ model, setup },
    environment: { ...home.env(), ...agentEnv, INITIAL_AGENT_MODE: 'workspace-write' },
    async [Symbol.asyncDispose]() {
      await setup[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(realAgentsMissing())('real agents', () => {
  test('do a plan of five items side by side, which is merged and landed', { timeout: 240_000 }, async () => {
    await using scene = await setUp('allow');
    const { setup, environment, model } = scene;
    const { client } = setup.daemon;
    const before = await setup.repo.fingerprint();
    const { id } = await setup.approved(items, { environment, implementationAgents: ['claude', 'codex'] });
    await client.specTask.startImplementation({ id, agents: { 2: 'codex', 4: 'codex' } });
    // One after the other, since a machine with much to do takes its time.
    for (const label of ['1', '2', '3', '4', '5']) await setup.workSession(id, label, ({ status }) => status === 'completed');
    const task = await setup.reached(id, 'implementation_review');
    const works = await setup.workSessions(id);
    expect([...works].map(([label, { agent, status }]) => [label, agent, status])).toEqual([
      ['1', 'claude', 'completed'],
      ['2', 'codex', 'completed'],
      ['3', 'claude', 'completed'],
      ['4', 'codex', 'completed'],
      ['5', 'claude', 'completed'],
    ]);
    expect(await setup.repo.git('show', `${task.integrationBranch}:count.txt`)).toBe('3');
    expect(await setup.repo.fingerprint()).toBe(before);
    expect(model.problems).toEqual([]);
    // The base is free to be moved once no checkout of the user stands on it.
    await setup.repo.git('switch', '--quiet', '--create', 'elsewhere');
    expect((await client.specTask.land({ id })).status).toBe('done');
    expect(await setup.repo.git('show', 'master:count.txt')).toBe('3');
  });

  test('ask a human who answers from outside', { timeout: 120_000 }, async () => {
    await using scene = await setUp('ask');
    const { setup, environment } = scene;
    const { client } = setup.daemon;
    const { id } = await setup.approved([{ title: 'Ask first', does: ['write asked.txt yes', 'commit Asked'] }], {
      ...{ environment, implementationAgents: ['claude'] },
    });
    await client.specTask.startImplementation({ id });
    const answered = new Set<string>();
    await until('the work to be done', async () => {
      const { permissions } = await client.permission.list({ specTask: id, status: 'pending' });
      for (const { id: permissionId } of permissions) {
        const { attention } = await client.attention.list({ specTask: id });
        expect(attention.map(({ refId }) => refId)).toContain(permissionId);
        await setup.daemon.cli(['permission', 'answer', permissionId, 'allow']);
        answered.add(permissionId);
      }
      return (await setup.workSessions(id)).get('1')?.status === 'completed';
    });
    await setup.reached(id, 'implementation_review');
    expect(answered.size).toBe(2);
    const { worktreePath = '' } = (await setup.workSessions(id)).get('1') ?? {};
    expect(readFileSync(join(worktreePath, 'asked.txt'), 'utf8')).toBe('yes\n');
    expect((await client.attention.list({ specTask: id })).attention.filter(({ kind }) => kind === 'permission')).toEqual([]);
  });
});
