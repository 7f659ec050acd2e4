// Models and agents by name: what a real daemon answers for them, runs of them, and says is missing.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile } from '../helpers/programs.ts';
import { createHome, type Home, type RealDaemon, runCli, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly optional?: boolean;
  readonly remedy?: string;
}

/** A folder for a PATH: with programs of shell, and links to those that a test needs. */
function folderOf(home: Home, programs: Readonly<Record<string, string>>, links: readonly string[] = []): string {
  const folder = home.path('bin');
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  for (const name of links) symlinkSync(join('/usr/bin', name), join(folder, name));
  return folder;
}

const registry = `
[models.opus]
provider = "anthropic"
model = "claude-opus-4-1"
tier = "high"
aliases = ["o", "Best"]
[models.old]
provider = "anthropic"
model = "claude-2"
tier = "low"
enabled = false
[agents.claude]
model = "BEST"
aliases = ["cc"]
[agents.stub]
protocol = "headless"
command = ["stub-agent", "--ask"]
env = ["STUB_KEY"]
model = "o"
model_flag = "-m"
[agents.gemini]
enabled = false
`;

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it worked',
    (error: unknown) => error,
  );

test('names, aliases and cases resolve, what is disabled or unknown does not, and says what there is', async () => {
  await using daemon = await startRealDaemon({ config: registry });
  const { agent, model } = daemon.client;

  expect(await model.resolve({ name: 'BEST' })).toEqual({ name: 'opus', provider: 'anthropic', model: 'claude-opus-4-1', tier: 'high' });
  expect(await agent.resolve({ name: 'CC' })).toMatchObject({
    ...{ name: 'claude', protocol: 'acp', command: ['claude-agent-acp'], model: { name: 'opus' }, permissions: 'ask' },
    headless: ['claude', '-p', '--model', 'claude-opus-4-1'],
  });
  expect(await agent.resolve({ name: 'stub' })).toMatchObject({
    env: ['STUB_KEY'],
    headless: ['stub-agent', '--ask', '-m', 'claude-opus-4-1'],
  });
  expect((await agent.list({})).agents.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['claude', true],
    ['codex', true],
    ['gemini', false],
    ['opencode', true],
    ['shell', true],
    ['stub', true],
  ]);
  expect(await agent.get({ name: 'Gemini' })).toMatchObject({ name: 'gemini', enabled: false });
  expect((await model.list({ limit: 1 })).nextCursor).toBe('old');
  expect((await model.list({ limit: 1, cursor: 'old' })).models).toMatchObject([{ name: 'opus' }]);

  expect(await failureOf(agent.resolve({ name: 'gemini' }))).toMatchObject({
    kind: 'MODEL_UNKNOWN',
    message: expect.stringContaining('disabled'),
  });
  expect(await failureOf(agent.resolve({ name: 'claud' }))).toMatchObject({
    kind: 'MODEL_UNKNOWN',
    details: { available: ['claude', 'codex', 'opencode', 'shell', 'stub'], suggestions: ['claude'] },
  });
  expect(await failureOf(model.resolve({ name: 'old' }))).toMatchObject({ kind: 'MODEL_UNKNOWN', details: { available: ['opus'] } });
  expect(await failureOf(model.resolve({ name: '__proto__' }))).toMatchObject({ kind: 'MODEL_UNKNOWN' });
  const told = await daemon.cli(['agents', 'claud']);
  expect([told.exitCode, told.stderr]).toEqual([6, 'coppice: There is no agent "claud"; did you mean "claude"?\n']);
  expect((await daemon.cli(['models', 'o', '--json'])).stdout).toContain('"claude-opus-4-1"');
});

function asking(name: string, agent: string, action = false): string {
  const step = action
    ? { type: 'agent', action: agent, args: { prompt: 'echo "from $0"' } }
    : { type: 'builtin', action: 'prompt-agent', args: { agent, prompt: 'Say {{ command_name }}' } };
  return commandFile(name, { steps: [step] });
}

async function answerOf(daemon: RealDaemon, session: string): Promise<string> {
  const { artifacts } = await daemon.client.artifact.list({ session, limit: 200 });
  const answer = artifacts.find(({ path }) => path.startsWith('outputs/'));
  return (await daemon.client.artifact.read({ id: answer?.id as string })).data;
}

test('a step names an agent of the registry by name or alias, and gets its program, model and keys', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const folder = folderOf(home, { 'stub-agent': 'echo "$* $STUB_KEY"; cat', claude: 'echo "claude $*"; cat' });
  await using daemon = await startRealDaemon({
    ...{ home, config: registry },
    commands: {
      stub: asking('stub', 'STUB'),
      cc: asking('cc', 'cc'),
      sh: asking('sh', 'shell', true),
      plain: asking('plain', 'cat', true),
    },
  });
  const environment = { PATH: `${folder}:${process.env.PATH}`, HOME: home.dir, STUB_KEY: 'k3y' };
  const answers: Record<string, string> = {};
  for (const command of ['stub', 'cc', 'sh', 'plain']) {
    const { id } = await daemon.start(repo.path, command, { environment });
    expect(await daemon.ended(id)).toMatchObject({ status: 'succeeded' });
    answers[command] = await answerOf(daemon, id);
  }
  expect(answers).toEqual({
    stub: '--ask -m claude-opus-4-1 k3y\nSay stub',
    cc: 'claude -p --model claude-opus-4-1\nSay cc',
    sh: 'from bash\n',
    plain: 'echo "from $0"',
  });
});

test('an agent whose program or key is missing fails its step with what to do; a disabled one is refused before anything exists', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const folder = folderOf(home, { 'stub-agent': 'cat' });
  await using daemon = await startRealDaemon({
    ...{ home, config: registry },
    commands: { stub: asking('stub', 'stub'), codex: asking('codex', 'codex'), gemini: asking('gemini', 'gemini') },
  });
  const environment = { PATH: `${folder}:/usr/bin:/bin`, HOME: home.dir };
  const failed = async (command: string) => {
    const { id } = await daemon.start(repo.path, command, { environment });
    const ended = await daemon.ended(id);
    const step = ended.stepRuns.find(({ status }) => status === 'failed');
    return [ended.status, step?.reason, step?.error];
  };
  expect(await failed('codex')).toEqual(['failed', 'tool_missing', expect.stringContaining('npm install -g @openai/codex')]);
  expect(await failed('stub')).toEqual([
    'failed',
    'precondition',
    'The agent "stub" cannot do without STUB_KEY; set STUB_KEY where the session is started.',
  ]);
  const before = (await daemon.client.session.list({})).sessions.length;
  expect(await failureOf(daemon.start(repo.path, 'gemini', { environment }))).toMatchObject({ kind: 'MODEL_UNKNOWN' });
  expect((await daemon.client.session.list({})).sessions.length).toBe(before);
});

test('on a bare machine doctor names each program that is missing, with its remedy, and its exit status tells', async () => {
  await using home = createHome();
  const empty = home.path('empty');
  mkdirSync(empty);

  const told = await runCli(home, ['doctor', '--json'], { env: { PATH: empty } });

  const { ok, findings } = JSON.parse(told.stdout) as { ok: boolean; findings: Finding[] };
  expect([told.exitCode, ok]).toEqual([1, false]);
  const missing = findings.filter((finding) => !finding.ok);
  expect(missing.map(({ check }) => check).toSorted()).toEqual(['bash', 'git', 'perl', 'tmux']);
  for (const { remedy } of missing) expect(remedy).toMatch(/install/);
  await using daemon = await startRealDaemon({ home, env: { PATH: empty } });
  const shown = await daemon.cli(['doctor'], { env: { PATH: empty } });
  expect(shown.exitCode).toBe(1);
  for (const name of ['git', 'tmux', 'bash', 'perl'])
    expect(shown.stdout).toMatch(new RegExp(`^missing ${name} .*apt install ${name}`, 'm'));
  expect(shown.stdout).toMatch(/^absent agent claude .*npm install -g /m);
});

test('a daemon on a bare machine also names the programs and keys of agents; those that nobody asked for do not count', async () => {
  await using home = createHome();
  const bare = folderOf(home, {}, ['git', 'tmux', 'bash', 'perl', 'sh']);
  await using daemon = await startRealDaemon({ home, env: { PATH: bare }, config: '' });
  const doctor = async () => {
    const told = await daemon.cli(['doctor', '--json'], { env: { PATH: bare } });
    const { findings } = JSON.parse(told.stdout) as { findings: Finding[] };
    return { exitCode: told.exitCode, findings: findings.filter(({ check }) => check.startsWith('agent ')) };
  };

  const untouched = await doctor();
  expect(untouched.exitCode).toBe(0);
  expect(untouched.findings.map(({ check, ok, optional }) => [check, ok, optional])).toEqual([
    ['agent claude', false, true],
    ['agent codex', false, true],
    ['agent gemini', false, true],
    ['agent opencode', false, true],
    ['agent shell', true, true],
  ]);

  home.writeConfig(`${registry}[quality_gates.plan]\nmembers = ["codex", "shell"]\nrequired = 1\n`);
  await daemon.client.config.reload();
  const wanted = await doctor();
  expect(wanted.exitCode).toBe(1);
  expect(Object.fromEntries(wanted.findings.map(({ check, ok, optional, remedy }) => [check, [ok, optional, remedy]]))).toEqual({
    'agent claude': [
      false,
      false,
      expect.stringMatching(/"claude-agent-acp" is not on the PATH.*npm install.*; "claude" is not on the PATH/),
    ],
    'agent codex': [false, false, expect.stringMatching(/"codex-acp".*; "codex"/)],
    'agent opencode': [false, true, expect.any(String)],
    'agent shell': [true, false, undefined],
    'agent stub': [false, false, expect.stringMatching(/"stub-agent" is not on the PATH.*; STUB_KEY is not set: set it/)],
  });
  expect(home.log()).toContain('STUB_KEY is not set');
  expect((await daemon.client.agent.get({ name: 'stub' })).missingEnv).toEqual(['STUB_KEY']);
  expect((await daemon.client.agent.get({ name: 'shell' })).usable).toEqual(['tui', 'headless']);

  home.writeConfig(
    '[agents.stub]\nprotocol = "headless"\ncommand = ["stub-agent"]\nenv = ["STUB_KEY"]\n[validation]\ncheck_executables = false\ncheck_credentials = false\n',
  );
  await daemon.client.config.reload();
  expect((await doctor()).exitCode).toBe(0);
});
