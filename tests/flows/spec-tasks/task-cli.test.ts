// `coppice task` as people use it: a plan that is there already, handed in, turned down, handed in again and approved.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { ResultOf, SpecTask } from '../../../schemas/index.ts';
import { planOf, script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';

vi.setConfig({ testTimeout: 120_000 });

const plan = '## Task 1: Say hello\n\nPrint a greeting.\n\n## Task 2: Say goodbye\n\nDepends on: 1\n';

async function setUp() {
  const setup = await setUpSpecTasks();
  const { daemon, repo } = setup;
  const cli = (...args: readonly string[]) => daemon.cli(args, { cwd: repo.path });
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { stdout, stderr, exitCode } = await cli('--json', ...args);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    return JSON.parse(stdout) as T;
  };
  writeFileSync(join(repo.path, 'plan.md'), plan);
  return { setup, cli, json, repo };
}

test('a plan is imported, looked at, turned down, handed in again and approved, by its number in this directory', async () => {
  const { setup, cli, json, repo } = await setUp();
  await using _ = setup;
  const made = await json<SpecTask>('task', 'new', 'Greet people', '--plan', 'plan.md', '--priority', 'high');
  expect(made).toMatchObject({ number: 1, name: 'Greet people', status: 'spec_review', revision: 1, priority: 'high' });

  const overview = await json<ResultOf<'specTask.overview'>>('task', 'overview', '1');
  expect(overview.specTask.id).toBe(made.id);
  expect((await cli('task', 'overview', '#1')).stdout).toContain(`coppice task approve ${made.id} --revision 1`);
  expect((await cli('task', 'specs', '1', '--document', 'plan')).stdout).toBe(`${plan}\n`);

  const comment = (await cli('task', 'comment', '1', 'Say it twice.', '--quote', 'Print a greeting.')).stdout.trim();
  const refused = await cli('task', 'approve', '1', '--no-start');
  expect(refused).toMatchObject({ exitCode: 5, stdout: '' });
  expect(refused.stderr).toContain('1 blocking comments');
  expect((await cli('task', 'reject', '1')).stdout).toContain('spec_revision');
  expect((await cli('task', 'comments', '1', '--open')).stdout).toContain('Say it twice.');

  mkdirSync(join(repo.path, 'specs'));
  writeFileSync(join(repo.path, 'specs', 'plan.md'), plan.replace('Print a greeting.', 'Print a greeting twice.'));
  writeFileSync(join(repo.path, 'specs', 'design.md'), 'A loop.');
  expect((await cli('task', 'submit', '1')).stdout).toContain('revision 2 in_review');
  expect((await cli('task', 'comments', '1')).stdout).toContain('obsolete');
  expect((await cli('task', 'resolve', comment)).exitCode).not.toBe(0);
  const stale = await cli('task', 'approve', '1', '--revision', '1', '--no-start');
  expect(stale.exitCode).not.toBe(0);
  expect(stale.stderr).toContain('stale');
  expect(await json('task', 'approve', '1', '--no-start')).toMatchObject({ status: 'spec_approved', approvedRevision: 2 });
  expect((await cli('task', 'list')).stdout).toMatch(/^1\t.*\tspec_approved\thigh\t2\t/);
});

test('what is wrong with a call is told with what to do, and makes no task', async () => {
  const { setup, cli, json } = await setUp();
  await using _ = setup;
  const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
    [['task', 'new'], 'Say what is to be done'],
    [['task', 'new', 'x', '--land', 'sideways'], '--land takes none, ff, merge, squash or pr'],
    [['task', 'new', 'x', '--approve'], '--approve needs a --plan'],
    [['task', 'new', 'x', '--plan', 'nowhere.md'], 'cannot be read'],
    [['task', 'new', 'x', '--skip-planning', '--plan', 'plan.md'], 'Either --plan or --skip-planning'],
    [['task', 'new', 'x', '--agent', 'nobody'], 'nobody'],
    [['task', 'show', '7'], 'no spec task "#7"'],
    [['task', 'submit'], 'Say which spec task'],
    [['task', 'update', '1'], 'Say what is to change'],
    [['task', 'implement', '1', '--agent', 'codex'], '--agent takes pairs'],
    [['work', 'complete'], 'Say which work session'],
    [['work', 'progress', '2'], 'takes a number from 0 to 1'],
  ];
  for (const [args, says] of wrong) {
    const { exitCode, stderr } = await cli(...args);
    expect(exitCode, args.join(' ')).not.toBe(0);
    expect(stderr, args.join(' ')).toContain(says);
  }
  expect(await json('task', 'list')).toEqual({ specTasks: [] });
});

test('a task without a plan is done by one agent at once, and its result is accepted', async () => {
  const { setup, cli, json } = await setUp();
  await using _ = setup;
  const request = `Greet people\n\n${script(['write hello.txt hello', 'commit Greet', 'plan 1/1'])}`;
  const { id } = await json<SpecTask>('task', 'new', request, '--skip-planning');
  await setup.reached(id, 'implementation_review');
  expect(await json<ResultOf<'specTask.progress'>>('task', 'progress', '1')).toMatchObject({ overallProgress: 1, weighted: 1 });
  const { integrationBranch } = await setup.daemon.client.specTask.get({ id });
  expect(await setup.repo.git('show', `${integrationBranch}:hello.txt`)).toBe('hello');
  expect((await cli('work', 'list', '--task', '1')).stdout).toContain('completed');
  expect((await cli('task', 'accept', '1')).stdout).toContain('done');
});

test('a plan that is imported and approved in one call is carried out, one item after the other', async () => {
  const { setup, cli, json, repo } = await setUp();
  await using _ = setup;
  const items = [
    { title: 'One', does: ['write one.txt 1', 'commit One'] },
    { title: 'Two', after: '1', does: ['write two.txt 2', 'commit Two'] },
  ];
  writeFileSync(join(repo.path, 'plan.md'), planOf(items));
  const { id } = await json<SpecTask>('task', 'new', '--plan', 'plan.md', '--approve');
  const done = await setup.reached(id, 'implementation_review');
  const { stdout } = await cli('task', 'overview', '1');
  for (const part of ['2 completed', 'One', 'Two']) expect(stdout).toContain(part);
  const { workSessions } = await json<ResultOf<'workSession.list'>>('work', 'list', '--task', '1');
  const [first] = workSessions;
  expect((await cli('work', 'diff', first?.id ?? '')).stdout).toContain('two.txt');
  expect((await cli('work', 'show', first?.id ?? '')).stdout).toContain('Two');
  expect((await cli('work', 'prompts', first?.id ?? '')).stdout).toContain('accepted');
  const files = await setup.repo.git('ls-tree', '--name-only', done.integrationBranch);
  expect(files.split('\n')).toEqual(expect.arrayContaining(['one.txt', 'two.txt']));
});
