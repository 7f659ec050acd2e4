// Built-in steps that prepare a session, make its resources and keep what it leaves: each in a session of its own.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';

const builtin = (action: string, args: object = {}, more: object = {}): object => ({ type: 'builtin', action, args, ...more });

async function runSteps(
  daemon: RealDaemon,
  repo: TestRepo,
  fields: object,
  params: { environment?: Record<string, string>; arguments?: Record<string, string> } = {},
): Promise<SessionRecord> {
  await repo.write('.coppice/commands/steps.yaml', commandFile('steps', { ...fields }));
  return daemon.ended((await daemon.start(repo.path, 'steps', params)).id);
}

const jsonOf = (session: SessionRecord, path: string) => JSON.parse(readFileSync(join(session.artifactDir, path), 'utf8'));

test('setup-environment makes the folders and writes the environment, secrets redacted', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const environment = {
    PATH: process.env.PATH as string,
    EDITOR: 'vi',
    STRIPE_KEY: 'canary-1',
    MYPASS: 'canary-2',
    GH_PAT: 'canary-3',
    SSH_AUTH_SOCK: 'canary-4',
    DATABASE_URL: 'postgres://bob:canary-5@db:5432/shop?x=y',
    NOTE: 'two https://canary-6@host/a and https://plain.example.org/b',
  };

  const ended = await runSteps(daemon, repo, { steps: ['setup-environment'] }, { environment });

  expect(ended.status).toBe('succeeded');
  for (const folder of ['logs', 'outputs', 'prompts', 'specs', 'meta'])
    expect(statSync(join(ended.artifactDir, folder)).mode & 0o777).toBe(0o700);
  const path = join(ended.artifactDir, 'meta/environment.json');
  expect(readFileSync(path, 'utf8')).not.toContain('canary');
  expect(jsonOf(ended, 'meta/environment.json')).toMatchObject({
    EDITOR: 'vi',
    STRIPE_KEY: '[redacted]',
    DATABASE_URL: 'postgres://[redacted]@db:5432/shop?x=y',
    NOTE: 'two https://[redacted]@host/a and https://plain.example.org/b',
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('validate-prerequisites names everything that is missing at once, and looks where the steps will look', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const bin = repo.beside('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'only-here'), '#!/bin/sh\n');
  chmodSync(join(bin, 'only-here'), 0o755);
  const path = `${bin}:${process.env.PATH}`;
  const requires = ['only-here', 'sh'];
  const steps = ['validate-prerequisites'];

  expect((await runSteps(daemon, repo, { steps, requires }, { environment: { PATH: path } })).status).toBe('succeeded');
  expect((await runSteps(daemon, repo, { steps, requires, environment: { PATH: path } })).status).toBe('succeeded');
  const missing = await runSteps(daemon, repo, {
    steps,
    requires: [...requires, 'neither-this', 'nor-that'],
    lifecycle: 'standard',
    worktree: { base: 'no-such-base' },
  });
  expect(missing).toMatchObject({ status: 'failed', reason: 'precondition' });
  for (const what of ['"only-here"', '"neither-this"', '"nor-that"', 'no-such-base']) expect(missing.error).toContain(what);
  const { data } = await daemon.client.session.readOutput({ id: missing.id });
  expect(data.split('\n').slice(0, 2)).toEqual(['ok: git', 'missing: only-here']);
  expect(data).toContain('ok: free disk space');
});

test('gather-context tells of the checkout in specs/context.json and shares the short of it, without passwords', async () => {
  await using repo = await createTestRepo();
  await repo.git('remote', 'add', 'origin', 'https://user:canary@example.org/repo.git');
  await using daemon = await startRealDaemon();
  const head = await repo.git('rev-parse', 'HEAD');

  const plain = await runSteps(daemon, repo, { steps: ['gather-context'] });

  const expected = { project_name: 'repo', project_path: repo.path, git_branch: 'master', head, base: 'master', dirty: true };
  const remotes = [{ name: 'origin', fetchUrl: 'https://example.org/repo.git', pushUrl: 'https://example.org/repo.git' }];
  expect(jsonOf(plain, 'specs/context.json')).toMatchObject({
    ...expected,
    remotes,
    worktree: null,
    recent_commits: [{ subject: 'first' }],
  });
  expect(plain.sharedData).toEqual({ context_info: { ...expected, remotes, worktree: null, timestamp: expect.stringMatching(/^20..-/) } });
  expect(JSON.stringify([plain, await daemon.events()])).not.toContain('canary');

  const inside = await runSteps(daemon, repo, { worktree: { branch: 'topic' }, steps: ['gather-context'] });
  expect(inside.sharedData.context_info).toMatchObject({
    git_branch: 'topic',
    dirty: false,
    worktree: { path: inside.worktreePath, branch: 'topic', base_commit: head },
  });
  await repo.git('checkout', '--quiet', '--detach');
  expect((await runSteps(daemon, repo, { steps: ['gather-context'] })).sharedData.context_info).toMatchObject({ git_branch: 'unknown' });
});

test('create-worktree takes its branch from the step, else from shared data, else from the block, and writes it back', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const own = { lifecycle: 'standard', worktree: { branch: 'from-block' } };
  const publish = shell('echo branch_name=from/data >> "$COPPICE_OUTPUT_FILE"');
  const look = shell('echo "$PWD $COPPICE_BRANCH_NAME"');
  const cases = [
    ['from-step', { ...own, steps: [publish, builtin('create-worktree', { branch: 'from-step' }), look] }],
    ['from/data', { ...own, steps: [publish, 'create-worktree', look] }],
    ['from-block', { ...own, steps: ['create-worktree', 'create-worktree', look] }],
  ] as const;
  for (const [branch, fields] of cases) {
    const ended = await runSteps(daemon, repo, fields);
    expect(ended, branch).toMatchObject({ status: 'succeeded', kind: 'standard', branch });
    expect(ended.sharedData).toMatchObject({ branch_name: branch, worktree_path: ended.worktreePath });
    expect((await daemon.client.session.readOutput({ id: ended.id, step: 3 })).data).toBe(`${ended.worktreePath} ${branch}\n`);
    expect(existsSync(ended.worktreePath as string)).toBe(true);
  }
  const base = await repo.commit('second');
  await repo.commit('third');
  const named = await runSteps(daemon, repo, { steps: [builtin('create-worktree', { branch: 'at-base', base })] });
  expect(await repo.git('rev-parse', 'at-base')).toBe(base);
  // The lifecycle made it: the step hands the same one back.
  expect(named.stepRuns.filter(({ name }) => name === 'acquire worktree')).toMatchObject([{ reason: named.worktreePath }]);
  const own2 = await runSteps(daemon, repo, { steps: ['create-worktree'] });
  expect(own2.branch).toMatch(/^pj-steps-\d{8}-\d{6}$/);
});

test.each(['start-session', 'session-create'])('%s makes one terminal that stays, however often it is asked', async (name) => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();

  const ended = await runSteps(daemon, repo, { steps: [name, name] });

  expect(ended).toMatchObject({ status: 'succeeded', kind: 'session', sharedData: { terminal_name: ended.terminalName } });
  expect((await daemon.client.terminal.list({})).terminals).toMatchObject([{ name: ended.slug, cwd: repo.path, sessionId: ended.id }]);
  expect(ended.stepRuns.find(({ name: step }) => step === 'release terminal')).toMatchObject({ reason: 'kept: always' });
});

test('start-worktree-session makes both, of the arguments that PruneJuice had', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const base = await repo.commit('second');
  await repo.commit('third');
  const fields = { arguments: ['name', { name: 'base_branch' }], steps: ['start-worktree-session'] };

  const ended = await runSteps(daemon, repo, fields, { arguments: { name: 'topic', base_branch: base } });

  expect(ended).toMatchObject({ status: 'succeeded', kind: 'worktree', branch: 'topic' });
  expect(ended.sharedData).toMatchObject({ branch_name: 'topic', worktree_path: ended.worktreePath, terminal_name: ended.terminalName });
  expect(await repo.git('rev-parse', 'topic')).toBe(base);
  expect((await daemon.client.terminal.list({})).terminals).toMatchObject([{ cwd: ended.worktreePath }]);
  // A branch that is there already, without a worktree, is gone on with.
  await repo.git('branch', 'kept', base);
  const kept = await runSteps(daemon, repo, fields, { arguments: { name: 'kept' } });
  expect(kept).toMatchObject({ status: 'succeeded', branch: 'kept' });
  expect(await repo.gitIn(kept.worktreePath as string, 'rev-parse', 'HEAD')).toBe(base);
});

test('store-artifacts indexes what is there by then: kind, path, size, hash and type, and no link', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const make = [
    'cd "$COPPICE_ARTIFACT_DIR"',
    'printf "# Plan" > specs/plan.md',
    'printf "\\0\\1" > outputs/bytes',
    'ln -s /etc/passwd outputs/link',
  ].join(' && ');
  const steps = [shell(make), 'store-artifacts', shell('exit 3')];

  const ended = await runSteps(daemon, repo, { steps });

  const { artifacts } = await daemon.client.artifact.list({ session: ended.id, limit: 200 });
  const found = new Map(artifacts.map((one) => [one.path, one]));
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(found.get('specs/plan.md')).toMatchObject({ kind: 'spec', sizeBytes: 6, sha256: sha256('# Plan'), mime: 'text/markdown' });
  expect(found.get('outputs/bytes')).toMatchObject({ kind: 'output', sizeBytes: 2, mime: 'application/octet-stream' });
  expect(found.has('outputs/link')).toBe(false);
  const stored = (await daemon.events({ types: ['artifact.stored', 'step.finished'] })).map(({ type, data }) =>
    type === 'step.finished' ? `step ${(data as { index: number }).index}` : (data as { path: string }).path,
  );
  expect(stored.indexOf('specs/plan.md')).toBeLessThan(stored.indexOf('step 2'));
});

test('prompt-agent gives the prompt to a program on standard input; its answer is an artifact', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const bin = repo.beside('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'stub-agent'), '#!/bin/sh\necho "asked with $1" >&2\nprintf "answer: "\ncat\n', { mode: 0o755 });
  await repo.write('ask.md', 'Build {{ what }}.');
  const step = builtin('prompt-agent', { agent: 'stub-agent', argv: ['--fast'] }, { name: 'ask' });

  const ended = await runSteps(
    daemon,
    repo,
    { prompt_file: 'ask.md', arguments: ['what'], steps: [step] },
    { arguments: { what: 'tea; touch pwned' }, environment: { PATH: `${bin}:${process.env.PATH}` } },
  );

  expect(ended.status).toBe('succeeded');
  expect(readFileSync(join(ended.artifactDir, 'outputs/001-ask.md'), 'utf8')).toBe('answer: Build tea; touch pwned.');
  expect((await daemon.client.session.readOutput({ id: ended.id })).data).toBe('asked with --fast\nanswer: Build tea; touch pwned.');
  const missing = await runSteps(daemon, repo, { prompt_file: 'ask.md', arguments: [{ name: 'what', default: 'x' }], steps: [step] });
  expect(missing).toMatchObject({ status: 'failed', reason: 'start', error: expect.stringContaining('stub-agent') });
});

test('a script of the project stands behind a name that is no builtin; one with a shebang runs by it, else by its extension', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await repo.write('.coppice/steps/measure.py', 'import os\nprint("python", os.environ["COPPICE_STEP_DEPTH"])\n');
  await repo.write('.prj/steps/measure.sh', 'echo hidden by the other folder\n');
  await repo.write('.prj/steps/tidy.sh', 'echo bash $0 | sed s,/.*/,,\n');
  await repo.write('.coppice/steps/odd.py', '#!/bin/sh\necho shebang\n');
  chmodSync(join(repo.path, '.coppice/steps/odd.py'), 0o755);
  const steps = [builtin('measure', { depth: 3 }), 'tidy', 'odd.py', { script: '#!/usr/bin/env python3\nprint("inline")' }];

  const ended = await runSteps(daemon, repo, { steps });

  expect(ended.status).toBe('succeeded');
  const said = await Promise.all([1, 2, 3, 4].map(async (step) => (await daemon.client.session.readOutput({ id: ended.id, step })).data));
  expect(said).toEqual(['python 3\n', 'bash tidy.sh\n', 'shebang\n', 'inline\n']);
});
