// Run-time policy from outside: what is denied leaves no trace of having run, and says by which rule and what to do.
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, type Signals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';

/** A program that writes a file when it runs. */
function witness(path: string, signals: Signals, name: string, interpreter = '/bin/sh'): string {
  writeFileSync(path, `#!${interpreter}\necho ran >> ${signals.path(name)}\n`);
  chmodSync(path, 0o755);
  return path;
}

const agent = (action: string, more: object = {}) => ({ type: 'agent', action, args: { prompt: 'hello' }, ...more });

async function deniedStart(daemon: RealDaemon, repo: TestRepo, command: string): Promise<Record<string, unknown>> {
  const failure = await daemon.start(repo.path, command).then(
    () => undefined,
    (error: { kind: string; details: Record<string, unknown> }) => error,
  );
  expect(failure).toMatchObject({ kind: 'POLICY_DENIED', details: { ruleId: expect.any(String), fix: expect.any(String) } });
  return (failure as { details: Record<string, unknown> }).details;
}

const toml = (lines: Readonly<Record<string, unknown>>): string =>
  ['[policy]', ...Object.entries(lines).map(([key, value]) => `${key} = ${JSON.stringify(value)}`), ''].join('\n');

test('a denied program is refused at the start of the session: by name, by link, as an interpreter, and bash for shell steps', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const tools = home.path('tools');
  mkdirSync(tools);
  const forbidden = witness(join(tools, 'forbidden'), signals, 'ran');
  symlinkSync(forbidden, join(tools, 'harmless'));
  const viaInterpreter = witness(join(tools, 'script'), signals, 'ran', forbidden);
  mkdirSync(join(repo.path, '.coppice/steps'), { recursive: true });
  witness(join(repo.path, '.coppice/steps/byname.sh'), signals, 'ran', '/usr/bin/env forbidden');
  const path = `${tools}:${process.env.PATH}`;
  await using daemon = await startRealDaemon({
    home,
    env: { PATH: path },
    config: toml({ deny_executables: ['forbidden'] }),
    commands: {
      named: commandFile('named', { steps: [agent('forbidden')] }),
      link: commandFile('link', { steps: [agent('harmless')] }),
      interpreted: commandFile('interpreted', { steps: [agent(viaInterpreter)] }),
      cleanup: commandFile('cleanup', { steps: [shell('true')], cleanup_on_failure: [agent(forbidden)] }),
    },
  });
  await repo.write('.coppice/commands/script.yaml', commandFile('script', { steps: [{ type: 'script', action: 'byname.sh' }] }));
  const environment = { ...home.env(), PATH: path };
  const start = async (command: string) => {
    const project = await daemon.client.project.add({ path: repo.path });
    return daemon.client.session.start({ project: project.id, command, environment });
  };

  for (const command of ['named', 'link', 'interpreted', 'cleanup', 'script']) {
    await expect(start(command), command).rejects.toMatchObject({ kind: 'POLICY_DENIED', details: { ruleId: 'deny_executables' } });
  }
  home.writeConfig(toml({ deny_executables: ['bash'] }));
  await daemon.client.config.reload();
  expect(await deniedStart(daemon, repo, 'cleanup')).toMatchObject({ ruleId: 'deny_executables' });

  expect(signals.has('ran')).toBe(false);
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
  const denied = await daemon.events({ types: ['policy.denied'] });
  expect(denied).toHaveLength(6);
  expect((await daemon.events()).some(({ type }) => type.startsWith('session.'))).toBe(false);
  const { decisions } = await daemon.client.policy.listDecisions({ decision: 'deny' });
  expect(decisions.map(({ id }) => id)).toEqual(denied.map(({ data }) => (data as { decisionId: string }).decisionId).toReversed());
  const plan = await daemon.cli(['plan', 'cleanup'], { cwd: repo.path });
  expect(plan).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('policy.deny_executables') });
  expect(await daemon.events({ types: ['policy.denied'] })).toHaveLength(6);

  // Without the list they all run.
  home.writeConfig('');
  await daemon.client.config.reload();
  for (const command of ['named', 'link', 'script']) await daemon.ended((await start(command)).id);
  expect(await signals.lines('ran')).toEqual(['ran', 'ran', 'ran']);
});

test('what only turns out when the step begins fails the step, before its process starts, and is not tried again', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const made = join(repo.path, 'made');
  const bringIt = `printf '#!/bin/sh\\necho ran >> ${signals.path('ran')}\\n' > ${made}; chmod +x ${made}`;
  await using daemon = await startRealDaemon({
    home,
    config: toml({ allow_executables: ['bash'] }),
    commands: {
      late: commandFile('late', {
        steps: [shell(bringIt), agent('./made', { retry: { max_attempts: 3, initial_backoff_ms: 1 } })],
        finally_steps: [shell(signals.tell('finally'))],
      }),
    },
  });

  const session = await daemon.ended((await daemon.start(repo.path, 'late')).id);

  expect(existsSync(made)).toBe(true);
  expect(signals.has('ran')).toBe(false);
  expect(await signals.lines('finally')).toEqual(['finally']);
  const step = session.stepRuns.find(({ type }) => type === 'agent');
  expect(step).toMatchObject({ status: 'failed', reason: 'policy_denied', attempt: 1 });
  expect(step?.error).toMatch(/made.*\(allow_executables\).*policy\.allow_executables/);
  const events = await daemon.events();
  const denied = events.findIndex(({ type }) => type === 'policy.denied');
  expect(events[denied]).toMatchObject({ subject: { sessionId: session.id }, data: { ruleId: 'allow_executables', stepRunId: step?.id } });
  expect(
    events.findIndex(({ type, data }) => type === 'step.finished' && (data as { stepRunId: string }).stepRunId === step?.id),
  ).toBeGreaterThan(denied);
  const listed = await daemon.cli(['policy', 'decisions', '--session', session.slug, '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ decisions: [{ stepRunId: step?.id }] });
});

test('working directories end at the roots: neither "../" nor a link leads out of them, and a project outside gets no session', async () => {
  await using repo = await createTestRepo();
  await using outside = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  symlinkSync(outside.path, join(repo.path, 'link'));
  mkdirSync(join(repo.path, 'inner'));
  const steps = [shell(signals.tell('ran'))];
  await using daemon = await startRealDaemon({
    home,
    config: toml({ working_directories: [repo.path] }),
    commands: {
      dots: commandFile('dots', { working_directory: `../../${outside.path.split('/').slice(-2).join('/')}`, steps }),
      link: commandFile('link', { working_directory: 'link', steps }),
      terminal: commandFile('terminal', { session: { working_directory: 'link' }, steps }),
      inner: commandFile('inner', { working_directory: 'inner/../inner', steps: [shell('pwd')] }),
      tree: commandFile('tree', { worktree: { branch: 'topic', keep: 'never' }, steps: [shell('pwd')] }),
    },
  });

  for (const command of ['dots', 'link', 'terminal']) {
    const session = await daemon.ended((await daemon.start(repo.path, command)).id);
    const failed = session.stepRuns.find(({ status }) => status === 'failed');
    expect(failed, command).toMatchObject({ reason: 'policy_denied' });
    expect(failed?.error, command).toContain(`${outside.path}`);
  }
  expect(await deniedStart(daemon, outside, 'inner')).toMatchObject({ ruleId: 'working_directories' });
  expect(signals.has('ran')).toBe(false);
  // Worktrees are the daemon's own place.
  for (const command of ['inner', 'tree']) {
    expect(await daemon.ended((await daemon.start(repo.path, command)).id), command).toMatchObject({ status: 'succeeded' });
  }
});

function namesIn(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\0')
    .map((pair) => pair.slice(0, pair.indexOf('=')));
}

test('a step, a terminal and a hook see the variables that policy passes on, and no others', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const hook = ['sh', '-c', `env -0 > ${signals.path('hook')}`];
  const config = `${toml({ allow_environment: ['PATH', 'HOME', 'LC_*', 'GIT_*', '*_SECRET'], deny_environment: ['GIT_ASKPASS', 'LD_*'] })}
[hooks]
post_create = [${JSON.stringify(hook)}]
[credentials]
own = { env = "DAEMONS_SECRET" }
`;
  await using daemon = await startRealDaemon({
    home,
    env: { DAEMONS_OWN: 'x', DAEMONS_SECRET: 'x' },
    config,
    commands: {
      env: commandFile('env', {
        worktree: { branch: 'topic', keep: 'never' },
        environment: { FROM_COMMAND: 'yes' },
        steps: [shell(`env -0 > ${signals.path('step')}`, { run_in: 'process' }), shell(`env -0 > ${signals.path('window')}`)],
      }),
      preload: commandFile('preload', { environment: { LD_PRELOAD: '/tmp/x.so' }, steps: [shell(signals.tell('ran'))] }),
    },
  });
  const environment = { ...home.env(), LC_ALL: 'C', GIT_ASKPASS: 'no', MINE: 'no' };

  const session = await daemon.ended((await daemon.start(repo.path, 'env', { environment })).id);

  expect(session.status).toBe('succeeded');
  for (const where of ['step', 'window']) {
    const names = namesIn(signals.path(where));
    expect(names, where).toEqual(
      expect.arrayContaining(['PATH', 'HOME', 'LC_ALL', 'GIT_CONFIG_GLOBAL', 'FROM_COMMAND', 'COPPICE_SESSION_ID']),
    );
    for (const name of ['GIT_ASKPASS', 'MINE', 'LANG', 'SHELL']) expect(names, where).not.toContain(name);
  }
  expect(namesIn(signals.path('hook'))).toEqual(expect.arrayContaining(['PATH', 'COPPICE_HOOK']));
  for (const name of ['DAEMONS_OWN', 'DAEMONS_SECRET', 'LANG']) expect(namesIn(signals.path('hook'))).not.toContain(name);
  expect(await deniedStart(daemon, repo, 'preload')).toMatchObject({ ruleId: 'deny_environment' });
  expect(signals.has('ran')).toBe(false);
});

test('a denied hook does not run, and the worktree it was for is taken back', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const hook = witness(home.path('hook'), signals, 'ran');
  await using daemon = await startRealDaemon({
    home,
    config: `${toml({ deny_executables: [hook] })}[hooks]\npost_create = [[${JSON.stringify(hook)}]]\n`,
  });
  const project = await daemon.client.project.add({ path: repo.path });
  await expect(daemon.client.worktree.create({ project: project.id, branch: 'topic' })).rejects.toMatchObject({
    kind: 'POLICY_DENIED',
    details: { ruleId: 'deny_executables' },
  });
  expect(signals.has('ran')).toBe(false);
  expect((await daemon.client.worktree.list({})).worktrees).toEqual([]);
});

test('sessions and their time are bounded: one too many is refused, and a command that names no time gets what there is', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config: toml({ max_sessions: 1, max_runtime: 1 }),
    commands: {
      long: commandFile('long', { steps: [shell(signals.waitFor('never'))] }),
      greedy: commandFile('greedy', { timeout: 0, steps: [shell(signals.tell('ran'))] }),
      late: commandFile('late', { steps: [shell('true')], finally_steps: [shell(signals.tell('ran'), { timeout: 5 })] }),
    },
  });
  const first = await daemon.start(repo.path, 'long');
  expect(await deniedStart(daemon, repo, 'long')).toMatchObject({ ruleId: 'max_sessions' });
  expect(await daemon.ended(first.id)).toMatchObject({ status: 'failed', reason: 'timeout' });
  for (const command of ['greedy', 'late']) expect(await deniedStart(daemon, repo, command)).toMatchObject({ ruleId: 'max_runtime' });
  expect(signals.has('ran')).toBe(false);
  expect((await daemon.client.session.list({})).sessions.map(({ id }) => id)).toEqual([first.id]);
});

test("no file of a project sets policy, and a wrong policy of the user's keeps the old one in force", async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config: toml({ deny_executables: ['bash'] }),
    commands: { shell: commandFile('shell', { steps: [shell(signals.tell('ran'))] }) },
  });
  await repo.write('.coppice/config.toml', toml({ deny_executables: [] }));
  await repo.write('.coppice/commands/policy.yaml', commandFile('policy', { policy: { deny_executables: [] }, steps: [shell('true')] }));
  expect(await deniedStart(daemon, repo, 'shell')).toMatchObject({ ruleId: 'deny_executables' });
  const broken = await daemon.cli(['commands', '--json'], { cwd: repo.path });
  expect(broken.stdout).toContain('\\"policy\\" is no key of a command');

  home.writeConfig(toml({ deny_executable: [] }));
  await expect(daemon.client.config.reload()).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  expect(await deniedStart(daemon, repo, 'shell')).toMatchObject({ ruleId: 'deny_executables' });
  expect(signals.has('ran')).toBe(false);
});

test('policy explain tells what would be decided, with the rules in force', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, config: toml({ allow_executables: ['git'], max_runtime: 60 }) });
  const rules = await daemon.cli(['policy', 'explain']);
  expect(rules.stdout).toContain('allow_executables\t["git"]\n');
  const asked = await daemon.cli(['policy', 'explain', '--executable', 'perl', '--executable', 'perl', '--timeout', '61', '--env', 'HOME']);
  expect(asked.stdout).toMatch(/^deny .*"perl".*\(allow_executables\).*\nallow .*"HOME".*\ndeny .*61 s.*\(max_runtime\).*\n$/);
  expect((await daemon.cli(['policy', 'explain', '--executable', 'git', '--json'])).stdout).toContain('"decision":"allow"');
  expect((await daemon.client.policy.listDecisions({})).decisions).toEqual([]);
});
