import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { createPolicyService } from '../../../daemon/policy/service.ts';
import { limits } from '../../../schemas/limits.ts';
import { PolicyConfig } from '../../../schemas/policy.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectId } from '../../helpers/open-store.ts';

const where = { actor: 'daemon', projectId, sessionId: idOf('ses', 1) };

function setUp(given: Partial<PolicyConfig> = {}) {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { dir, store } = opened;
  const set = { config: { ...PolicyConfig.parse({}), ...given } };
  const policy = createPolicyService({
    ...{ store, clock, ids: createIds(clock) },
    policy: () => set.config,
    searchPath: dir.at('bin'),
    ownRoots: () => [dir.at('own')],
  });
  mkdirSync(dir.at('bin'));
  mkdirSync(dir.at('own'));
  const program = (path: string): string => {
    writeFileSync(dir.at(path), '\u007fELF');
    chmodSync(dir.at(path), 0o755);
    return dir.at(path);
  };
  const events = () => store.read((r) => r.events.page(0, 100)).map(({ text }) => JSON.parse(text) as { type: string; data: object });
  return { dir, store, set, policy, program, events, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('a denial is kept with its event before it is thrown, with the rule and what to do', async () => {
  using setup = setUp({ max_runtime: 5 });
  const { policy } = setup;
  const question = { about: 'runtime', what: 'The command "x"', seconds: 6 } as const;
  const fix = expect.stringContaining('policy.max_runtime');
  await expect(policy.enforce([undefined, question], where)).rejects.toMatchObject({
    kind: 'POLICY_DENIED',
    details: { ruleId: 'max_runtime', fix },
  });
  const [kept] = policy.list({}, undefined, 10).decisions;
  expect(kept).toMatchObject({ decision: 'deny', ruleId: 'max_runtime', fix, ...where, at: '2030-01-01T00:00:00.000Z' });
  expect(setup.events()).toMatchObject([{ type: 'policy.denied', data: { decisionId: kept?.id, ruleId: 'max_runtime', fix } }]);
});

test('what is allowed leaves nothing behind', async () => {
  using setup = setUp();
  await setup.policy.enforce(
    [
      { about: 'artifacts', sizeBytes: 1 },
      { about: 'sessions', unfinished: 1_000 },
    ],
    where,
  );
  expect([setup.events(), setup.policy.list({}, undefined, 10).decisions]).toEqual([[], []]);
});

test('a warning lets pass and is told once a session and rule', async () => {
  using setup = setUp();
  const warn = (sizeBytes: number, sessionId: string) => setup.policy.enforce([{ about: 'artifacts', sizeBytes }], { ...where, sessionId });
  await warn(26_000_000, idOf('ses', 1));
  await warn(27_000_000, idOf('ses', 1));
  await warn(46_000_000, idOf('ses', 1));
  await warn(26_000_000, idOf('ses', 2));
  expect(setup.events().map(({ type }) => type)).toEqual(['policy.warned', 'policy.warned', 'policy.warned']);
  const listed = setup.policy.list({ sessionId: idOf('ses', 1) }, undefined, 10).decisions;
  expect(listed.map(({ ruleId }) => ruleId)).toEqual(['artifact_warn_bytes', 'artifact_soft_bytes']);
});

test('inside a transaction a denial is committed and handed back, so that what it throws takes nothing along', async () => {
  using setup = setUp({ max_sessions: 1 });
  const denied = await setup.store.write((w) => setup.policy.enforceInside(w, { about: 'sessions', unfinished: 1 }, where));
  expect(denied).toMatchObject({ kind: 'POLICY_DENIED' });
  expect(await setup.store.write((w) => setup.policy.enforceInside(w, { about: 'sessions', unfinished: 0 }, where))).toBeUndefined();
  expect(setup.events()).toHaveLength(1);
});

test('only the newest decisions are kept, and they are listed a page at a time', async () => {
  using setup = setUp({ max_runtime: 5 });
  await setup.store.write((w) => {
    for (let n = 0; n < limits.policyDecisions + 3; n++) {
      const row = { id: idOf('dec', n), at: n, decision: 'deny', ruleId: 'max_runtime', message: 'No.', actor: 'owner' } as const;
      w.policyDecisions.insert(row, limits.policyDecisions);
    }
  });
  const first = setup.policy.list({ decision: 'deny' }, undefined, 2);
  expect(first.decisions.map(({ id }) => id)).toEqual([idOf('dec', limits.policyDecisions + 2), idOf('dec', limits.policyDecisions + 1)]);
  expect(setup.policy.list({}, first.nextCursor, 1).decisions.map(({ id }) => id)).toEqual([idOf('dec', limits.policyDecisions)]);
  expect(setup.policy.list({}, idOf('dec', 4), 10).decisions.map(({ id }) => id)).toEqual([idOf('dec', 3)]);
});

test('a name of a list means the file on the PATH of the daemon, wherever it is found', async () => {
  using setup = setUp({ allow_executables: ['tool'] });
  const { policy, program, dir } = setup;
  mkdirSync(dir.at('evil'));
  program('bin/tool-1.2');
  symlinkSync(dir.at('bin/tool-1.2'), dir.at('bin/tool'));
  program('evil/tool');
  const decisionOn = async (name: string, searchPath: string) =>
    policy.ask(await policy.facts.executable(name, { searchPath, cwd: '/' }))?.decision;
  expect(await decisionOn('tool', dir.at('bin'))).toBe('allow');
  expect(await decisionOn(dir.at('bin/tool-1.2'), '')).toBe('allow');
  expect(await decisionOn('tool', `${dir.at('evil')}:${dir.at('bin')}`)).toBe('deny');
  setup.set.config = { ...PolicyConfig.parse({}), deny_executables: ['tool'] };
  expect(await decisionOn(dir.at('bin/tool-1.2'), '')).toBe('deny');
});

test('directories are compared with links resolved, and those of the daemon are inside', async () => {
  using setup = setUp();
  const { policy, dir } = setup;
  for (const name of ['root', 'root/deep', 'other']) mkdirSync(dir.at(name));
  symlinkSync(dir.at('other'), dir.at('root/way-out'));
  symlinkSync(dir.at('root'), dir.at('by-another-name'));
  setup.set.config = { ...PolicyConfig.parse({}), working_directories: [dir.at('by-another-name')] };
  const decisionOn = async (path: string) => policy.ask(await policy.facts.directory(path))?.decision;
  expect(await decisionOn(dir.at('root/deep'))).toBe('allow');
  expect(await decisionOn(dir.at('own'))).toBe('allow');
  expect(await decisionOn(`${dir.at('root')}/../other`)).toBe('deny');
  expect(await decisionOn(dir.at('root/way-out'))).toBe('deny');
  expect(await decisionOn(dir.at('gone'))).toBe('deny');
});

test('the environment is narrowed by name, the denied ones in any case', () => {
  using setup = setUp({ allow_environment: ['PATH', 'GIT_*'], deny_environment: ['*_TOKEN'] });
  const given = { PATH: '/bin', GIT_DIR: 'x', GIT_TOKEN: 't', HOME: '/root' };
  expect(setup.policy.narrow(given)).toEqual({ PATH: '/bin', GIT_DIR: 'x' });
  setup.set.config = PolicyConfig.parse({});
  expect(setup.policy.narrow(given)).toEqual(given);
});

test('a budget is bounded, and no budget is the bound', () => {
  using setup = setUp({ max_runtime: 60 });
  expect([0, 30, 90].map((seconds) => setup.policy.boundSeconds(seconds))).toEqual([60, 30, 60]);
  setup.set.config = PolicyConfig.parse({});
  expect([0, 30, 90].map((seconds) => setup.policy.boundSeconds(seconds))).toEqual([0, 30, 90]);
});

test('an explanation answers each question in order and keeps nothing; without one it tells the rules', async () => {
  using setup = setUp({ deny_environment: ['SECRET'], max_runtime: 60 });
  const { decisions, rules } = await setup.policy.explain({
    executable: 'git',
    env: 'SECRET',
    path: '/',
    timeoutSeconds: 0,
    artifactBytes: 1,
  });
  expect(decisions.map(({ decision, ruleId }) => [decision, ruleId])).toEqual([
    ['allow', 'allow_executables'],
    ['deny', 'deny_environment'],
    ['allow', 'working_directories'],
    ['deny', 'max_runtime'],
    ['allow', 'artifact_soft_bytes'],
  ]);
  expect(rules).toContainEqual({ ruleId: 'max_runtime', setting: 60 });
  expect(rules).toContainEqual({ ruleId: 'max_sessions', setting: null });
  expect(await setup.policy.explain({})).toMatchObject({ decisions: [] });
  expect(setup.events()).toEqual([]);
});
