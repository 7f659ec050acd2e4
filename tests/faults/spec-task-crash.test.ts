// The daemon dies in the middle of the work: the next one goes on from the rows, nothing is prompted twice, and a merge is whole or absent.
import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { killAtEvent } from '../helpers/kill-at-event.ts';
import { script, setUpSpecTasks } from '../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 120_000 });

const plan = ['base', 'top']
  .map((name, at) =>
    [
      `## Task ${at + 1}: Add ${name}`,
      '',
      ...(at === 0 ? [] : [`Dependencies: ${at}`]),
      `Verify: \`test -e ${name}.txt\``,
      '',
      script([`write ${name}.txt ${name}`, `commit Add ${name}.txt`]),
    ].join('\n'),
  )
  .join('\n\n');

test.each(['provisioning', 'running', 'verifying', 'awaiting_merge', 'merging'])(
  'kill -9 while a work session is %s: all comes to its end, once',
  async (stage) => {
    await using setup = await setUpSpecTasks();
    const { daemon, repo } = setup;
    const before = await repo.fingerprint();
    const log = daemon.home.path('prompts.log');
    const { id } = await setup.approved(plan, { environment: { ...daemon.home.env(), FAKE_AGENT_LOG: log } });
    const { killed } = await killAtEvent(daemon, 1, {
      start: async () => void (await daemon.client.specTask.startImplementation({ id, verify: ['test -e base.txt'] })),
      counts: ({ type, data }) => type === 'workSession.statusChanged' && (data as { stage?: string }).stage === stage,
      isLast: ({ type }) => type === 'specTask.landed',
    });
    expect(killed).toBe(true);
    const task = await setup.reached(id, 'implementation_review');
    const workSessions = [...(await setup.workSessions(id)).values()];
    expect(workSessions.map(({ status }) => status)).toEqual(['completed', 'completed']);
    for (const one of workSessions) {
      const { prompts } = await daemon.client.workSession.listPrompts({ id: one.id });
      expect(prompts.map(({ status }) => status)).toEqual(['accepted']);
    }
    // A line a prompt, however it begins: what others did may stand in front of it.
    expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(workSessions.length);
    const merges = await repo.git('log', '--merges', '--format=%s', task.integrationBranch);
    expect(merges.split('\n').toSorted()).toEqual(['Merge Add base (#1)', 'Merge Add top (#1)']);
    expect(await repo.fingerprint()).toBe(before);
    for (const { sessionId } of workSessions) expect(await daemon.ended(sessionId as string)).toMatchObject({ status: 'succeeded' });
  },
);
