// The main promise with real agents in terminals: Claude Code and Codex are typed to as a human would, and heard by their own hooks.
import { describe, expect, test } from 'vitest';
import type { WorkSession } from '../../../schemas/index.ts';
import { realAgentsMissing } from '../../helpers/real-agents.ts';
import { setUpRealAgents } from '../../helpers/real-agents-setup.ts';
import { type Item, script } from '../../helpers/spec-task-setup.ts';

/** What a verify command prints when it fails is what the agent is told to do about it. */
const remedy = script(['run cat words.txt numbers.txt > joined.txt', 'commit Join both']);

const plan = (gate: (name: string) => string): readonly Item[] => [
  { title: 'Write the words', does: [`wait ${gate('begun')}`, 'write words.txt apple', 'commit Add the words'] },
  { title: 'Write the numbers', does: [`wait ${gate('begun')}`, 'write numbers.txt 42', 'commit Add the numbers'] },
  { title: 'Write other words', does: [`wait ${gate('merged')}`, 'write words.txt pear', 'commit Add other words'] },
  { title: 'Shout', after: '1', does: ['run tr a-z A-Z < words.txt > loud.txt', 'commit Shout'] },
  {
    ...{ title: 'Join', after: '1, 2', does: ['run cat words.txt > joined.txt', 'commit Join'] },
    verify: '`grep -q 42 joined.txt || { cat remedy.md; false; }`',
  },
];

describe.skipIf(realAgentsMissing())('real agents in terminals', () => {
  test('do a plan with a chain, a conflict and a failing verify, which is merged and landed', { timeout: 360_000 }, async () => {
    await using scene = await setUpRealAgents({ permissions: 'ask', files: { 'remedy.md': `${remedy}\n` } });
    const { setup, environment, model } = scene;
    const { client, home } = setup.daemon;
    const before = await setup.repo.fingerprint();
    const { id } = await setup.approved(plan(home.path), { adapter: 'tmux', environment, implementationAgents: ['claude', 'codex'] });
    await client.specTask.startImplementation({ id, agents: { 2: 'codex', 4: 'codex' } });
    // All three begin from the same commit, so the third knows nothing of the first.
    for (const label of ['1', '2', '3']) await setup.workSession(id, label, ({ agentState }) => agentState?.state === 'working');
    await setup.repo.write('begun', '', home.dir);
    await setup.workSession(id, '1', ({ status }) => status === 'completed');
    await setup.repo.write('merged', '', home.dir);
    for (const label of ['2', '4', '5']) await setup.workSession(id, label, ({ status }) => status === 'completed');
    const isAsked = ({ blockedReason, agentState }: WorkSession) => blockedReason === 'merge_conflict' && agentState?.state === 'idle';
    const { id: conflicting } = await setup.workSession(id, '3', isAsked);
    const { integrationBranch } = await client.specTask.get({ id });
    const answer = script([`run git merge --quiet --no-edit -X ours ${integrationBranch}`]);
    await client.workSession.sendPrompt({ id: conflicting, content: answer });
    await setup.reached(id, 'implementation_review');
    const works = await setup.workSessions(id);
    expect(['1', '2', '3', '4', '5'].map((label) => works.get(label)?.agent)).toEqual(['claude', 'codex', 'claude', 'codex', 'claude']);
    expect(works.get('5')?.verifyAttempts).toBe(1);
    for (const [label, count] of Object.entries({ 1: 1, 2: 1, 3: 3, 4: 1, 5: 2 })) {
      const { prompts } = await client.workSession.listPrompts({ id: works.get(label)?.id ?? '' });
      const statuses = prompts.map(({ status }) => status);
      expect(statuses, label).toEqual(Array(count).fill('accepted'));
    }
    expect(await setup.repo.fingerprint()).toBe(before);
    // The base is free to be moved once no checkout of the user stands on it.
    await setup.repo.git('switch', '--quiet', '--create', 'elsewhere');
    expect((await client.specTask.land({ id })).status).toBe('done');
    const { git } = setup.repo;
    const read = async (file: string) => [file, await git('show', `master:${file}`)] as const;
    const made = await Promise.all(['words.txt', 'numbers.txt', 'loud.txt', 'joined.txt'].map(read));
    expect(Object.fromEntries(made)).toEqual({ 'words.txt': 'pear', 'numbers.txt': '42', 'loud.txt': 'APPLE', 'joined.txt': 'apple\n42' });
    expect(model.problems).toEqual([]);
  });
});
