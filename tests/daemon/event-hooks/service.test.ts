import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createEventHooks, matches } from '../../../daemon/event-hooks/service.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

type Deps = Parameters<typeof createEventHooks>[0];

/** Each run is told and ends when the test lets it. */
function setUp(hooks: ReturnType<Deps['configured']>, more: Partial<Deps> = {}) {
  const runs: {
    readonly program: string;
    readonly input: string;
    readonly env: Record<string, string | undefined>;
    end(error?: Error): void;
  }[] = [];
  const warnings: object[] = [];
  const deps = {
    process: {
      runTool: (
        program: string,
        _: readonly string[],
        { input = '', env = {}, signal }: { input?: string; env?: object; signal?: AbortSignal },
      ) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
          const end = (error?: Error): void => (error ? reject(error) : resolve({ exitCode: 0, stdout: '', stderr: '' }));
          runs.push({ program, input, env: env as Record<string, string>, end });
        }),
    },
    log: { warn: (facts: object) => void warnings.push(facts) },
    configured: () => hooks,
    policy: { assert: () => undefined, facts: { executable: async () => undefined } },
    ownEnvironment: { PATH: '/bin', SECRET: 'x' },
    passedOn: () => ({ PATH: '/bin' }),
    directory: '/',
    ...more,
  } as unknown as Deps;
  return { hooks: createEventHooks(deps), runs, warnings };
}

const event = (type: string, n = 0) => ({ type, text: JSON.stringify({ type, n }) });

test.each([
  ['*', 'specTask.created', true],
  ['specTask.*', 'specTask.created', true],
  ['specTask.*', 'session.created', false],
  ['*.created', 'session.created', true],
  ['*.created', 'session.createdTwice', false],
  ['session.finished', 'session.finished', true],
  ['session.finished', 'sessionXfinished', false],
  ['s*.f*', 'session.finished', true],
])('"%s" and "%s": %s', (pattern, type, expected) => {
  expect(matches(pattern, type)).toBe(expected);
});

test('a hook gets its events in order, one at a time, as JSON on standard input, without what it must not have', async () => {
  const { hooks, runs } = setUp([{ on: 'specTask.*', run: ['tell'] }]);
  hooks.take([event('specTask.created', 1), event('session.created', 2), event('specTask.approved', 3)]);
  await until('the first run', () => runs.length === 1);
  expect(JSON.parse(runs[0]?.input ?? '')).toEqual({ type: 'specTask.created', n: 1 });
  expect(runs[0]?.env).toEqual({ SECRET: undefined, COPPICE_HOOK: 'specTask.*' });
  runs[0]?.end(new Error('it broke'));
  await until('the second run', () => runs.length === 2);
  expect(JSON.parse(runs[1]?.input ?? '')).toMatchObject({ n: 3 });
  runs[1]?.end();
  await hooks.stop();
  expect(runs).toHaveLength(2);
});

test('one hook that hangs keeps no other from its events, and what waits for it has a bound', async () => {
  const { hooks, runs, warnings } = setUp([
    { on: '*', run: ['hangs'] },
    { on: '*', run: ['works'] },
  ]);
  hooks.take([event('a.b')]);
  await until('both', () => runs.length === 2);
  for (let n = 0; n < limits.hookEvents + 5; n++) hooks.take([event('a.b', n)]);
  runs.find(({ program }) => program === 'works')?.end();
  await until('the next of the other', () => runs.filter(({ program }) => program === 'works').length === 2);
  expect(runs.filter(({ program }) => program === 'hangs')).toHaveLength(1);
  await hooks.stop();
  expect(warnings).toContainEqual(expect.objectContaining({ program: 'hangs', missed: 5 }));
});

test('a program that policy forbids does not run, and nothing is put on record of it', async () => {
  const forbid = () => {
    throw new Failure('POLICY_DENIED', 'No.');
  };
  const policy = { assert: forbid, facts: { executable: async () => undefined } } as unknown as Deps['policy'];
  const { hooks, runs, warnings } = setUp([{ on: '*', run: ['tell'] }], { policy });
  hooks.take([event('a.b')]);
  await until('the warning', () => warnings.length === 1);
  await hooks.stop();
  expect(runs).toEqual([]);
});

test('a script of the user gets the event', async () => {
  using dir = createTempDir();
  const script = dir.at('hook.sh');
  writeFileSync(script, `#!/bin/sh\ncat > ${dir.at('got.json')}.new && mv ${dir.at('got.json')}.new ${dir.at('got.json')}\n`);
  chmodSync(script, 0o700);
  const { createTestProcessTool } = await import('../../helpers/process-tool.ts');
  const process = createTestProcessTool({ PATH: globalThis.process.env.PATH ?? '' });
  const { hooks } = setUp([{ on: 'a.*', run: [script] }], { process });
  hooks.take([event('a.b', 7)]);
  await until('the file', () => existsSync(dir.at('got.json')));
  expect(JSON.parse(readFileSync(dir.at('got.json'), 'utf8'))).toEqual({ type: 'a.b', n: 7 });
  await hooks.stop();
  process.close();
});
