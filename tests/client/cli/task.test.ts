import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ParsedPlan, PlanTask } from '../../../schemas/index.ts';
import { limits } from '../../../schemas/limits.ts';
import { FakeDaemon } from '../helpers/fake-daemon.ts';
import { inProcess } from '../helpers/in-process.ts';

const task = (index: number, label: string, more: Partial<PlanTask> = {}): PlanTask => ({
  ...{ index, label, key: 'a', title: `Title ${label}`, description: '', acceptance: [], effort: 'medium', effortSource: 'default' },
  ...{ estimateHours: null, priority: 'medium', dependencies: [], initialStatus: 'pending', startedHint: false, group: null },
  ...{ parallel: false, story: null, files: [], verify: [], requirements: [], line: index + 1 },
  ...more,
});
const plan: ParsedPlan = {
  strategy: 'checklist',
  meta: {},
  tasks: [
    task(0, 'T001', { initialStatus: 'completed' }),
    task(1, 'T002', { title: 'Red \u001b[31m', dependencies: [0] }),
    task(2, 'T003', { effort: 'large', dependencies: [0, 1] }),
  ],
  waves: [['T001'], ['T002'], ['T003']],
  diagnostics: [{ level: 'warning', code: 'unknown_dependency', line: 2, message: '7' }],
};
const broken: ParsedPlan = {
  ...plan,
  waves: null,
  diagnostics: [...plan.diagnostics, { level: 'error', code: 'self_dependency', line: 3, message: 'T003 -> T003' }],
};

const serving = (answer: ParsedPlan): Promise<FakeDaemon> => FakeDaemon.started({ 'specTask.parsePlan': () => answer });

describe('task parse', () => {
  test('shows labels, waves, efforts and dependencies, and each diagnostic with its place', async () => {
    await using daemon = await serving(plan);
    writeFileSync(join(daemon.home, 'plan.md'), '- [ ] a');
    const ran = await inProcess(daemon, ['task', 'parse', 'plan.md']);
    expect(ran.stdout.split('\n')).toEqual([
      'T001\t1\tmedium\t\tTitle T001 (done)',
      'T002\t2\tmedium\tT001\tRed \ufffd[31m',
      'T003\t3\tlarge\tT001,T002\tTitle T003',
      '',
    ]);
    expect(ran).toMatchObject({ code: 0, stderr: 'plan.md:2: warning: unknown dependency: 7\n' });
    expect(daemon.calls.at(-1)).toMatchObject({ method: 'specTask.parsePlan', params: { text: '- [ ] a', strict: false } });
    expect(daemon.calls.map(({ method }) => method)).not.toContain('project.add');
  });

  test('reads stdin, and hands on that dependencies must be there', async () => {
    await using daemon = await serving(plan);
    const ran = await inProcess(daemon, ['task', 'parse', '-', '--strict'], { input: '1. é' });
    expect(ran.stderr).toBe('stdin:2: warning: unknown dependency: 7\n');
    expect(daemon.calls.at(-1)?.params).toEqual({ text: '1. é', strict: true });
  });

  test('exits with 6 on an error, whatever it prints', async () => {
    await using daemon = await serving(broken);
    const words = ['task', 'parse', '-'];
    const ran = await inProcess(daemon, words, { input: 'x' });
    expect(ran).toMatchObject({ code: 6, stdout: expect.stringContaining('T003\t\tlarge') as string });
    expect(ran.stderr).toContain('stdin:3: self dependency: T003 -> T003\n');
    const json = await inProcess(daemon, [...words, '--json'], { input: 'x' });
    expect(json).toEqual({ code: 6, stdout: `${JSON.stringify(broken)}\n`, stderr: '' });
  });

  test('sends enough of a plan that is too large to be told so, and no more', async () => {
    await using daemon = await serving(plan);
    await inProcess(daemon, ['task', 'parse', '-'], { input: 'x'.repeat(9 * 1024 * 1024) });
    expect(daemon.calls.at(-1)?.params).toMatchObject({ text: 'x'.repeat(limits.planBytes + 1) });
  });

  test('says which file is not there, without asking the daemon', async () => {
    await using daemon = await serving(plan);
    const ran = await inProcess(daemon, ['task', 'parse', 'missing.md']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`coppice: The file "${join(daemon.home, 'missing.md')}" cannot be read: ENOENT`);
    expect(daemon.calls).toEqual([]);
  });
});
