// A command of the project as the planner: what it writes is handed in for it, and what people say comes back to it.
import { writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Writes what it was told, and the plan that stands in a file of the project. */
const planner = (script: string): Record<string, string> => ({
  '.coppice/commands/planner.yaml': [
    'name: planner',
    'arguments:',
    '  - {name: prompt, default: ""}',
    '  - {name: feedback, default: ""}',
    '  - {name: revision, default: ""}',
    'steps:',
    '  - name: plan',
    '    script: |',
    '      #!/bin/sh',
    '      printf %s "$COPPICE_ARG_FEEDBACK" > "$COPPICE_ARTIFACT_DIR/feedback.txt"',
    '      printf %s "$COPPICE_ARG_PROMPT" > "$COPPICE_ARTIFACT_DIR/prompt.txt"',
    ...script.split('\n').map((line) => `      ${line}`),
  ].join('\n'),
});

const writes = (text: string): string => `printf '${text}' > "$COPPICE_ARTIFACT_DIR/plan.md"`;
const create = { prompt: 'Greet people', planningAgent: 'command:planner' } as const;

async function setUp(script: string, config?: string) {
  const setup = await setUpSpecTasks({ files: planner(script), ...(config === undefined ? {} : { config }) });
  const { client } = setup.daemon;
  const artifact = async (sessionId: string, path: string): Promise<string> => {
    const { artifacts } = await client.artifact.list({ session: sessionId, limit: 100 });
    const found = artifacts.find((one) => one.path.endsWith(path));
    return found === undefined ? '' : (await client.artifact.read({ id: found.id })).data;
  };
  return { setup, client, artifact };
}

test('its plan is in review when it ends, and what is said of it comes back as one feedback', async () => {
  const { setup, client, artifact } = await setUp(
    writes('## Task 1: Revision $COPPICE_ARG_REVISION\\n\\nSay hello.\\n').replaceAll("'", '"'),
  );
  await using _ = setup;
  const { id } = await client.specTask.create({ project: setup.project, ...create });
  await client.specTask.start({ id });
  const first = await setup.reached(id, 'spec_review');
  expect(await client.specTask.getSpecs({ id })).toMatchObject({ number: 1, source: 'agent', status: 'in_review' });
  expect(await artifact(first.planningSessionId as string, 'prompt.txt')).toContain('Greet people');
  expect(await client.session.get({ id: first.planningSessionId as string })).toMatchObject({ role: 'planning', specTaskId: id });

  await client.review.addComment({ specTask: id, revision: 1, document: 'plan', quote: 'Say hello.', body: 'Say good day.' });
  await client.specTask.requestChanges({ id, revision: 1, comment: 'And test it.' });
  const second = await until('the second revision', async () => {
    const task = await client.specTask.get({ id });
    return task.status === 'spec_review' && task.revision === 2 && task;
  });
  const feedback = await artifact(second.planningSessionId as string, 'feedback.txt');
  expect(feedback).toContain('Say good day.');
  expect(feedback).toContain('> Say hello.');
  expect(feedback).toContain('And test it.');
  expect((await client.session.list({ limit: 50 })).sessions.filter(({ specTaskId }) => specTaskId === id)).toHaveLength(2);
});

test('a plan that does not parse goes back with what is wrong; after three attempts planning has failed', async () => {
  const { setup, client, artifact } = await setUp(writes('## Task 1: A\\n\\nDepends on: 1\\n'));
  await using _ = setup;
  const { id } = await client.specTask.create({ project: setup.project, ...create });
  await client.specTask.start({ id });
  const failed = await setup.reached(id, 'spec_failed');
  expect(failed.lastError).toContain('self dependency');
  expect(await artifact(failed.planningSessionId as string, 'feedback.txt')).toContain('self dependency');
  expect((await client.session.list({ limit: 50 })).sessions.filter(({ specTaskId }) => specTaskId === id)).toHaveLength(3);
  await expect(client.specTask.getSpecs({ id })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
});

test('a planner that fails is told with its last words, and nothing is tried again by itself', async () => {
  const { setup, client } = await setUp('echo no idea >&2\nexit 3');
  await using _ = setup;
  const { id } = await client.specTask.create({ project: setup.project, ...create });
  await client.specTask.start({ id });
  const failed = await setup.reached(id, 'spec_failed');
  expect(failed.lastError).toContain('no idea');
  expect((await client.session.list({ limit: 50 })).sessions.filter(({ specTaskId }) => specTaskId === id)).toHaveLength(1);
});

test('no more tasks are planned at once than may be, the urgent first, also when the daemon dies over it', async () => {
  const script = `while ! [ -e "$GATE" ]; do sleep 0.05; done\n${writes('## Task 1: A\\n')}`;
  const { setup, client } = await setUp(script, 'max_planning = 1\n');
  await using _ = setup;
  const { daemon, project } = setup;
  const gate = daemon.home.path('gate');
  const environment = daemon.home.env({ GATE: gate });
  const made = [];
  for (const priority of ['medium', 'low', 'critical'] as const)
    made.push(await client.specTask.create({ project, ...create, priority, environment }));
  const [medium, low, critical] = made.map(({ id }) => id) as [string, string, string];
  await client.specTask.start({ id: medium });
  await setup.reached(medium, 'spec_generation');
  for (const id of [low, critical]) await client.specTask.start({ id });
  await daemon.kill('SIGKILL');
  await daemon.again();
  expect(await client.specTask.get({ id: medium })).toMatchObject({ status: 'spec_generation' });
  expect(await client.specTask.get({ id: critical })).toMatchObject({ status: 'queued_spec_generation' });
  writeFileSync(gate, '');
  for (const id of [medium, low, critical]) await setup.reached(id, 'spec_review');
  const began = (await daemon.events({ types: ['specTask.statusChanged'] }))
    .filter(({ data }) => (data as { to: string }).to === 'spec_generation')
    .map(({ subject }) => subject.specTaskId);
  expect(began).toEqual([medium, critical, low]);
});
