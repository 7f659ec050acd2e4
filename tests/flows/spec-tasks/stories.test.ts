// Three stories as users live them, and several spec tasks that do not get into each other's way.
import { writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { cliProgram } from '../../helpers/real-daemon.ts';
import { createTestRepo } from '../../helpers/repo.ts';
import { planOf, script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 240_000 });

const cli = `${process.execPath} ${cliProgram}`;
const makes = (file: string): string[] => [`write ${file} ${file}`, `commit Add ${file}`];

test('a contact form: one request without a plan is one work session, and lands', async () => {
  await using setup = await setUpSpecTasks();
  const { client, home } = setup.daemon;
  const task = await client.specTask.create({
    ...{ project: setup.project, prompt: `Add a contact form\n\n${script(makes('contact.html'))}`, skipPlanning: true, landing: 'ff' },
    environment: home.env(),
  });
  await client.specTask.start({ id: task.id });
  await setup.reached(task.id, 'implementation_review');
  expect([...(await setup.workSessions(task.id)).values()].map(({ name, kind }) => [name, kind])).toEqual([['Implementation', 'planned']]);
  await setup.repo.git('checkout', '--quiet', '--detach');
  await client.specTask.approveImplementation({ id: task.id });
  expect(await setup.repo.git('show', 'master:contact.html')).toBe('contact.html');
  expect((await client.specTask.get({ id: task.id })).status).toBe('done');
});

test('user authentication: five work sessions, each from what it needs, come together', async () => {
  await using setup = await setUpSpecTasks();
  const items = [
    { title: 'Users table', does: makes('users.sql') },
    { title: 'Password hashing', does: makes('hash.ts') },
    { title: 'Login route', after: '1, 2', does: ['run test -e users.sql && test -e hash.ts', ...makes('login.ts')] },
    { title: 'Session cookie', after: '3', does: ['run test -e login.ts', ...makes('cookie.ts')] },
    { title: 'Login page', after: '3', verify: '`test -e page.html`', does: makes('page.html') },
  ];
  const { id } = await setup.started(items);
  const task = await setup.reached(id, 'implementation_review');
  const { progress, counts, criticalPath } = await setup.overview(id);
  expect(progress).toMatchObject({ overallProgress: 1, implementation: 1, validation: 1 });
  expect(counts.workSessions).toEqual({ completed: 5 });
  expect(criticalPath).toEqual([]);
  const files = (await setup.repo.git('ls-tree', '--name-only', task.integrationBranch)).split('\n');
  expect(files).toEqual(expect.arrayContaining(['users.sql', 'hash.ts', 'login.ts', 'cookie.ts', 'page.html']));
});

test('dashboard debugging: a session spawns two, one of these a third, and what they find is shared', async () => {
  await using setup = await setUpSpecTasks();
  const { client, home } = setup.daemon;
  const promptOf = (name: string, lines: readonly string[]): string => {
    const path = home.path(`${name}.md`);
    writeFileSync(path, script(lines));
    return path;
  };
  const index = promptOf('index', ['coppice state set index missing', ...makes('index.sql')]);
  const queries = promptOf('queries', [
    `run ${cli} work spawn Index --prompt - < ${index}`,
    'coppice state set slow orders',
    ...makes('queries.md'),
  ]);
  const browser = promptOf('browser', ["coppice message send 'The browser is innocent' --type broadcast", ...makes('browser.md')]);
  const spawn = (name: string, prompt: string): string => `run ${cli} work spawn ${name} --prompt - < ${prompt}`;
  const { id } = await setup.approved(
    [{ title: 'Debug', does: [spawn('Queries', queries), spawn('Browser', browser), ...makes('report.md')] }],
    {
      environment: home.env({ FAKE_AGENT_CLI: cli }),
    },
  );
  await client.specTask.startImplementation({ id });
  const task = await setup.reached(id, 'implementation_review');
  const sessions = await setup.workSessions(id);
  const depths = [...sessions].map(([label, { depth, status }]) => [label, depth, status]);
  expect(depths.toSorted()).toEqual([
    ['1', 0, 'completed'],
    ['Browser', 1, 'completed'],
    ['Index', 2, 'completed'],
    ['Queries', 1, 'completed'],
  ]);
  expect(sessions.get('Index')?.parentId).toBe(sessions.get('Queries')?.id);
  const { entries } = await client.sharedState.list({ specTask: id });
  expect(entries.map(({ key, value }) => [key, value])).toEqual([
    ['index', 'missing'],
    ['slow', 'orders'],
  ]);
  const { messages } = await client.coordination.list({ specTask: id, type: 'broadcast' });
  expect(messages.map(({ body }) => body)).toEqual(['The browser is innocent']);
  const files = (await setup.repo.git('ls-tree', '--name-only', task.integrationBranch)).split('\n');
  expect(files).toEqual(expect.arrayContaining(['browser.md', 'index.sql', 'queries.md', 'report.md']));
});

test('five spec tasks over two repositories keep their limits and never mix', async () => {
  await using setup = await setUpSpecTasks({ config: '[spec_tasks.limits]\nslots = 3\nslots_per_task = 2\n' });
  await using second = await createTestRepo({ name: 'second' });
  const { client, home } = setup.daemon;
  const other = (await client.project.add({ path: second.path })).id;
  const ids: string[] = [];
  for (const [at, project] of [setup.project, other, setup.project, other, setup.project].entries()) {
    const task = await client.specTask.create({ project, prompt: `Task ${at}`, environment: home.env() });
    const plan = planOf([1, 2].map((n) => ({ title: `Part ${n}`, does: makes(`task-${at}-part-${n}.txt`) })));
    const { number } = await client.specTask.submitSpecs({ id: task.id, plan, source: 'import' });
    await client.specTask.approve({ id: task.id, revision: number });
    ids.push(task.id);
  }
  await Promise.all(ids.map((id) => client.specTask.startImplementation({ id })));
  for (const id of ids) await setup.reached(id, 'implementation_review');

  const active = new Map<string, string>();
  let most = 0;
  for (const { type, data, subject } of await setup.daemon.events({ types: ['workSession.statusChanged'] })) {
    expect(type).toBe('workSession.statusChanged');
    const { workSessionId, to } = data as { workSessionId: string; to: string };
    if (to === 'active') active.set(workSessionId, subject.specTaskId as string);
    else active.delete(workSessionId);
    most = Math.max(most, active.size);
    const perTask = ids.map((id) => [...active.values()].filter((of) => of === id).length);
    expect(Math.max(...perTask)).toBeLessThanOrEqual(2);
  }
  expect(most).toBe(3);
  for (const [at, id] of ids.entries()) {
    const { integrationBranch, projectId } = await client.specTask.get({ id });
    const repo = projectId === other ? second : setup.repo;
    const files = (await repo.git('ls-tree', '--name-only', integrationBranch)).split('\n').filter((file) => file.startsWith('task-'));
    expect(files).toEqual([`task-${at}-part-1.txt`, `task-${at}-part-2.txt`]);
  }
});
