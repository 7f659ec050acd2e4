// A real daemon, a real agent host and the scripted agent as the planner: it writes, it is corrected, and it hears what people say.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { SpecTask } from '../../../schemas/index.ts';
import { cliProgram } from '../../helpers/real-daemon.ts';
import { script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const plan = '## Task 1: Say hello';

/** GATE in a line is a file that the test makes. */
async function planned(lines: readonly string[]) {
  const setup = await setUpSpecTasks();
  const { daemon, project } = setup;
  const log = daemon.home.path('prompts.log');
  const gate = daemon.home.path('gate');
  const environment = daemon.home.env({ FAKE_AGENT_LOG: log, FAKE_AGENT_CLI: `node ${cliProgram}` });
  const { client } = daemon;
  const task = await client.specTask.create({
    project,
    prompt: `Greet people\n\n${script(lines.map((line) => line.replace('GATE', gate)))}`,
    environment,
  });
  await client.specTask.start({ id: task.id });
  const prompts = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  const is = (what: string, check: (now: SpecTask) => boolean) =>
    until(what, async () => {
      const now = await client.specTask.get({ id: task.id });
      return check(now) && now;
    });
  return { setup, client, id: task.id, gate, prompts, is };
}

test('the agent ends its turn, and what it wrote is in review with its commit; its planner ends with the approval', async () => {
  const { setup, client, id, prompts } = await planned([`write specs/plan.md ${plan}`, 'write specs/design.md A loop.']);
  await using _ = setup;
  const { planningSessionId = '', branchPrefix } = await setup.reached(id, 'spec_review', 'spec_failed');
  const revision = await client.specTask.getSpecs({ id });
  expect(revision).toMatchObject({ number: 1, source: 'agent', design: expect.stringContaining('A loop.') });
  const branch = `${branchPrefix}/planning`;
  expect(await setup.repo.git('rev-parse', branch)).toBe(revision.commit);
  expect(await setup.repo.git('show', `${branch}:specs/plan.md`)).toContain(plan);
  expect(await setup.repo.git('status', '--porcelain')).toBe('');
  expect(prompts()).toHaveLength(1);
  await client.specTask.approve({ id, revision: 1 });
  const ended = await setup.daemon.ended(planningSessionId);
  expect(ended).toMatchObject({ status: 'succeeded', role: 'planning' });
  expect(existsSync(join(ended.worktreePath ?? '', 'specs', 'plan.md'))).toBe(true);
});

test('a daemon that is killed while the agent plans asks it nothing twice', async () => {
  const { setup, client, id, gate, prompts } = await planned(['wait GATE', `write specs/plan.md ${plan}`]);
  await using _ = setup;
  await until('the prompt to be there', () => prompts().length === 1);
  await setup.daemon.kill('SIGKILL');
  await setup.daemon.again();
  writeFileSync(gate, '');
  await setup.reached(id, 'spec_review', 'spec_failed');
  expect(await client.specTask.getSpecs({ id })).toMatchObject({ number: 1 });
  expect(prompts()).toHaveLength(1);
});

test('without a plan it is asked again, and after three attempts planning has failed', async () => {
  const { setup, id, prompts } = await planned(['say I do not know']);
  await using _ = setup;
  const failed = await setup.reached(id, 'spec_failed');
  expect(failed.lastError).toContain('there is no specs/plan.md');
  expect(prompts()).toHaveLength(3);
});

test('what is said of the plan comes to the same agent as one prompt, and its answer is the next revision', async () => {
  const { setup, client, id, prompts, is } = await planned([`write specs/plan.md ${plan}`]);
  await using _ = setup;
  await setup.reached(id, 'spec_review', 'spec_failed');
  await client.review.addComment({ specTask: id, revision: 1, document: 'plan', body: 'Greet twice.' });
  const answer = script(['write specs/plan.md ## Task 1: Say hello twice']);
  await client.specTask.requestChanges({ id, revision: 1, comment: `Say so in the title.\n\n${answer}` });
  await is('the second revision', ({ status, revision }) => status === 'spec_review' && revision === 2);
  expect((await client.specTask.getSpecs({ id })).plan).toContain('Say hello twice');
  expect(prompts()).toHaveLength(2);
  expect(prompts()[0]?.split(' ')[0]).toBe(prompts()[1]?.split(' ')[0]);
});

test('the agent hands its plan in by the CLI, and is told there what is wrong with it', async () => {
  const { setup, client, id } = await planned([
    'write specs/plan.md ## Task 1: Say hello\\n\\nDepends on: 1',
    'run ! $FAKE_AGENT_CLI task submit 2> refused.txt',
    `write specs/plan.md ${plan}`,
    'commit Plan',
    'coppice task submit',
  ]);
  await using _ = setup;
  await setup.reached(id, 'spec_review', 'spec_failed');
  expect((await client.specTask.getSpecs({ id })).plan.trim()).toBe(plan);
  const { branchPrefix } = await client.specTask.get({ id });
  expect(await setup.repo.git('show', `${branchPrefix}/planning:refused.txt`)).toContain('self dependency');
});
