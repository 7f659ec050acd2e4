// The self-test of policy: each rule finds its violation and spares what only looks like one.
import { expect, test } from 'vitest';
import { evaluate } from '../../../daemon/policy/evaluate.ts';
import type { About, Question } from '../../../daemon/policy/question.ts';
import { PolicyConfig, type PolicyRuleId, policyRules } from '../../../schemas/policy.ts';

const file = (path: string, realPath = path) => ({ path, realPath });

function program(named: string, chain: About<'executable'>['chain'], lists: { allowed?: string[]; denied?: string[] } = {}): Question {
  return { about: 'executable', named, chain, allowedFiles: new Set(lists.allowed), deniedFiles: new Set(lists.denied) };
}

const directory = (named: string, realPath: string | undefined, roots: string[]): Question => ({
  about: 'directory',
  named,
  roots,
  ...(realPath === undefined ? {} : { realPath }),
});

const passed = (name: string): Question => ({ about: 'variable', name, how: 'passed' });
const set = (name: string): Question => ({ about: 'variable', name, how: 'set' });

interface Case {
  readonly rule: PolicyRuleId;
  readonly what: string;
  readonly policy: Partial<PolicyConfig>;
  readonly violation: Question;
  readonly lookAlike: Question;
}

const python = file('/usr/bin/python3', '/usr/bin/python3.11');

const cases: readonly Case[] = [
  {
    rule: 'deny_executables',
    what: 'a name, also where a link has another',
    policy: { deny_executables: ['python3'] },
    violation: program('py', [file('/opt/py', '/opt/real/python3')]),
    lookAlike: program('python3-config', [file('/usr/bin/python3-config')]),
  },
  {
    rule: 'deny_executables',
    what: 'the same file by another name',
    policy: { deny_executables: ['python3'] },
    violation: program('python3.11', [file('/usr/bin/python3.11')], { denied: ['/usr/bin/python3.11'] }),
    lookAlike: program('python3.12', [file('/usr/bin/python3.12')], { denied: ['/usr/bin/python3.11'] }),
  },
  {
    rule: 'deny_executables',
    what: 'the interpreter of a script',
    policy: { deny_executables: ['node'] },
    violation: program('x', [file('/p/x'), file('/usr/bin/env'), file('/usr/bin/node')]),
    lookAlike: program('node.sh', [file('/p/node.sh'), file('/bin/bash')]),
  },
  {
    rule: 'deny_executables',
    what: 'a glob of one folder, which does not reach into folders below it',
    policy: { deny_executables: ['/opt/tools/*'] },
    violation: program('/opt/tools/x', [file('/opt/tools/x')]),
    lookAlike: program('/opt/tools/deep/x', [file('/opt/tools/deep/x')]),
  },
  {
    rule: 'deny_executables',
    what: 'an entry that begins with "!": it is a name and turns nothing around',
    policy: { deny_executables: ['!git'] },
    violation: program('!git', [file('/opt/!git')]),
    lookAlike: program('git', [file('/usr/bin/git')]),
  },
  {
    rule: 'deny_executables',
    what: 'what cannot be found and so cannot be told',
    policy: { deny_executables: ['git'] },
    violation: program('gone', []),
    lookAlike: program('true', [file('/bin/true')]),
  },
  {
    rule: 'allow_executables',
    what: 'a program of the right name in the wrong place',
    policy: { allow_executables: ['python3'] },
    violation: program('python3', [file('/tmp/evil/python3')], { allowed: ['/usr/bin/python3.11'] }),
    lookAlike: program('python3', [python], { allowed: ['/usr/bin/python3.11'] }),
  },
  {
    rule: 'allow_executables',
    what: 'a link in an allowed folder that leads out of it',
    policy: { allow_executables: ['/opt/tools/**'] },
    violation: program('/opt/tools/x', [file('/opt/tools/x', '/home/me/x')]),
    lookAlike: program('/opt/x', [file('/opt/x', '/opt/tools/deep/x')]),
  },
  {
    rule: 'allow_executables',
    what: 'a script whose interpreter is not listed',
    policy: { allow_executables: ['bash'] },
    violation: program('x', [file('/p/x'), file('/usr/bin/perl')], { allowed: ['/bin/bash'] }),
    lookAlike: program('x', [file('/p/x'), file('/bin/bash')], { allowed: ['/bin/bash'] }),
  },
  {
    rule: 'allow_executables',
    what: 'anything, when the list is empty',
    policy: { allow_executables: [] },
    violation: program('true', [file('/bin/true')]),
    lookAlike: passed('true'),
  },
  {
    rule: 'deny_environment',
    what: 'a denied name, passed on or set',
    policy: { deny_environment: ['LD_*', 'SECRET'] },
    violation: set('LD_PRELOAD'),
    lookAlike: passed('OLD_PWD'),
  },
  {
    rule: 'deny_environment',
    what: 'a denied name, though it is allowed too',
    policy: { deny_environment: ['SECRET'], allow_environment: ['*'] },
    violation: passed('SECRET'),
    lookAlike: passed('SECRETS'),
  },
  {
    rule: 'allow_environment',
    what: 'what a client passes on, not what a command sets',
    policy: { allow_environment: ['PATH', 'LC_*'] },
    violation: passed('HOME'),
    lookAlike: set('HOME'),
  },
  {
    rule: 'working_directories',
    what: 'a way out by ".." or a link',
    policy: { working_directories: ['/srv/src'] },
    violation: directory('/srv/src/../other', '/srv/other', ['/srv/src']),
    lookAlike: directory('/srv/other/../src/a', '/srv/src/a', ['/srv/src']),
  },
  {
    rule: 'working_directories',
    what: 'a folder whose name only begins like a root',
    policy: { working_directories: ['/srv/src'] },
    violation: directory('/srv/src-of-others', '/srv/src-of-others', ['/srv/src']),
    lookAlike: directory('/srv/src', '/srv/src', ['/srv/src']),
  },
  {
    rule: 'working_directories',
    what: 'what does not exist, and everything when no root exists',
    policy: { working_directories: ['/srv/src'] },
    violation: directory('/srv/src/gone', undefined, ['/srv/src']),
    lookAlike: directory('/anywhere', '/anywhere', ['/']),
  },
  {
    rule: 'max_sessions',
    what: 'one more than may be under way',
    policy: { max_sessions: 2 },
    violation: { about: 'sessions', unfinished: 2 },
    lookAlike: { about: 'sessions', unfinished: 1 },
  },
  {
    rule: 'max_runtime',
    what: 'more time than there is',
    policy: { max_runtime: 60 },
    violation: { about: 'runtime', what: 'The command "x"', seconds: 61 },
    lookAlike: { about: 'runtime', what: 'The command "x"', seconds: 60 },
  },
  {
    rule: 'max_runtime',
    what: 'time without a bound',
    policy: { max_runtime: 60 },
    violation: { about: 'runtime', what: 'The command "x"', seconds: 0 },
    lookAlike: { about: 'runtime', what: 'The command "x"', seconds: 0.5 },
  },
  {
    rule: 'artifact_hard_bytes',
    what: 'more than 50 MB',
    policy: {},
    violation: { about: 'artifacts', sizeBytes: 50_000_001 },
    lookAlike: { about: 'artifacts', sizeBytes: 0 },
  },
  {
    rule: 'artifact_warn_bytes',
    what: '45 MB and more, up to the last byte that is allowed',
    policy: {},
    violation: { about: 'artifacts', sizeBytes: 50_000_000 },
    lookAlike: { about: 'artifacts', sizeBytes: 24_999_999 },
  },
  {
    rule: 'artifact_soft_bytes',
    what: '25 MB and more',
    policy: {},
    violation: { about: 'artifacts', sizeBytes: 44_999_999 },
    lookAlike: { about: 'artifacts', sizeBytes: 24_999_999 },
  },
];

const warnings: readonly PolicyRuleId[] = ['artifact_warn_bytes', 'artifact_soft_bytes'];

test.each(cases)('$rule finds $what, and spares what looks like it', ({ rule, policy, violation, lookAlike }) => {
  const config = { ...PolicyConfig.parse({}), ...policy };
  const decision = evaluate(violation, config);
  expect(decision).toMatchObject({
    decision: warnings.includes(rule) ? 'warn' : 'deny',
    ruleId: rule,
    message: expect.stringMatching(/^[A-Z0-9].*\.$/),
    fix: expect.stringMatching(/^[A-Z].*\.$/),
  });
  expect(evaluate(lookAlike, config)?.decision ?? 'allow').toBe('allow');
});

test('every rule has a case', () => {
  expect([...new Set(cases.map(({ rule }) => rule))].toSorted()).toEqual([...policyRules].toSorted());
  expect(Object.keys(PolicyConfig.shape).toSorted()).toEqual([...policyRules].toSorted());
});

test('nothing that is not configured is objected to', () => {
  const config = PolicyConfig.parse({});
  const unbound = cases.filter(({ violation }) => violation.about !== 'artifacts');
  expect(unbound.map(({ violation }) => evaluate(violation, config)?.decision ?? 'allow')).toEqual(unbound.map(() => 'allow'));
});

test.each([
  { allow_executables: ['py*'] },
  { allow_executables: ['bin/x'] },
  { deny_executables: ['./x'] },
  { working_directories: ['src'] },
  { artifact_soft_bytes: 60_000_000 },
  { artifact_hard_bytes: 1 },
  { max_sessions: 0 },
  { denied_executables: [] },
])('%j is refused', (policy) => {
  expect(PolicyConfig.safeParse(policy).success).toBe(false);
});
