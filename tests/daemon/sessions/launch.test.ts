// Starting the process of a step: what failed to start is tried again, what runs never is.
import { expect, test } from 'vitest';
import { createBreaker } from '../../../daemon/kernel/breaker.ts';
import { launch } from '../../../daemon/sessions/launch.ts';
import { startStepProcess } from '../../../daemon/tools/step-process.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { testSpawner } from '../../helpers/process-tool.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const full = Object.assign(new Error('spawn perl EAGAIN'), { code: 'EAGAIN' });
const missing = Object.assign(new Error('spawn perl ENOENT'), { code: 'ENOENT' });
const signal = new AbortController().signal;

function setUp(failures: number, error: Error = full) {
  const { again, retried } = createTestAgain();
  const breaker = createBreaker({ clock: createManualClock() });
  const starts = { count: 0 };
  const start = async (): Promise<string> => {
    starts.count += 1;
    if (starts.count <= failures) throw error;
    return 'started';
  };
  return { deps: { again, breaker }, retried, starts, start };
}

test('a machine without a process left is asked again, by the policy of its kind of step', async () => {
  const plain = setUp(2);
  expect(await launch(plain.deps, { signal }, plain.start)).toBe('started');
  expect([plain.starts.count, plain.retried]).toEqual([3, ['default', 'default']]);
  const agent = setUp(2);
  expect(await launch(agent.deps, { agent: 'claude', signal }, agent.start)).toBe('started');
  expect([agent.starts.count, agent.retried]).toEqual([3, ['agent_launch', 'agent_launch']]);
});

test('a program that is not there is not looked for again, and what has started is never started twice', async () => {
  const { deps, starts, start } = setUp(9, missing);
  await expect(launch(deps, { signal }, start)).rejects.toBe(missing);
  expect(starts.count).toBe(1);
  const up = setUp(0);
  await launch(up.deps, { agent: 'claude', signal }, up.start);
  expect(up.starts.count).toBe(1);
});

test('an agent whose starts keep failing is left alone; other agents and plain steps are not', async () => {
  const { deps, starts, start } = setUp(Number.POSITIVE_INFINITY, missing);
  const of = (agent: string | undefined) => launch(deps, { agent, signal }, start);
  for (let n = 0; n < 10; n += 1) await expect(of('claude')).rejects.toBe(missing);
  await expect(of('claude')).rejects.toMatchObject({ kind: 'UNAVAILABLE', details: { provider: 'claude' } });
  expect(starts.count).toBe(10);
  await expect(of('codex')).rejects.toBe(missing);
  await expect(of(undefined)).rejects.toBe(missing);
  expect(starts.count).toBe(12);
});

test('a step whose time would be over waits for no further start', async () => {
  const { deps, starts, start } = setUp(9);
  await expect(launch(deps, { signal, budgetMs: 0 }, start)).rejects.toBe(full);
  expect(starts.count).toBe(1);
});

test('only a perl that is missing is told as such', async () => {
  using dir = createTempDir();
  const at = (argv: [string, ...string[]]) => ({ files: { wrapperArgv: () => argv }, id: 'x', logPath: dir.at('log') });
  await expect(startStepProcess(testSpawner, at(['/no/such/perl']))).rejects.toMatchObject({ kind: 'TOOL_MISSING' });
  // More than the kernel takes: nothing is wrong with perl.
  await expect(startStepProcess(testSpawner, at(['/bin/true', 'x'.repeat(4_000_000)]))).rejects.toMatchObject({ code: 'E2BIG' });
});
