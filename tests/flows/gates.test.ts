// Gates over agents that are small programs: what they are asked, how they end, and where their answers are.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type GroupSetup, groupEnded, pidsIn, setUpGroups, story } from '../helpers/groups.ts';
import { packageRoot } from '../helpers/package-root.ts';
import { commandLines, isAlive } from '../helpers/processes.ts';
import type { Signals } from '../helpers/programs.ts';
import { until } from '../helpers/until.ts';

// Whole daemons, and processes that take their grace: a busy machine needs its time.
vi.setConfig({ testTimeout: 120_000 });

const stub = join(packageRoot, 'tests', 'fixtures', 'programs', 'stub-agent.sh');

/** `[agents.<name>]` and `[quality_gates.<name>]`, as TOML (whose strings JSON writes). */
function configOf(
  agents: Record<string, readonly string[]>,
  gates: Record<string, { members: string[]; required?: number; timeout?: number }>,
): string {
  const tables = [
    ...Object.entries(agents).map(([name, argv]) => [`agents.${name}`, { protocol: 'headless', command: [stub, ...argv] }] as const),
    ...Object.entries(gates).map(([name, gate]) => [`quality_gates.${name}`, gate] as const),
  ];
  return tables
    .map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join('\n'))
    .join('\n\n');
}

const setUp = (config: (signals: Signals) => string): Promise<GroupSetup> => setUpGroups({ config });

const prompt = 'Is `{{ this }}` right? $(touch pwned) "quoted" ünïcode\nsecond line';

/** Files below a folder that others than their owner may read, links aside. */
function readableByOthers(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
}

test('all agents answer: the gate is full, each got the prompt byte for byte, and its answer is an artifact', async () => {
  await using setup = await setUp(() =>
    configOf(
      { one: ['answer'], two: ['answer'], calm: ['frighten'], deaf: ['deaf'] },
      { audit: { members: ['one', 'TWO', 'calm', 'deaf'], required: 2, timeout: 60 } },
    ),
  );
  const { daemon, repo } = setup;
  const file = daemon.home.path('prompt.md');
  await repo.write('prompt.md', prompt, daemon.home.dir);

  const ran = await daemon.cli(['gate', 'run', 'audit', '--prompt', file], { cwd: repo.path });

  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  const [group] = (await daemon.client.group.list({})).groups;
  expect(group).toMatchObject({
    gate: 'audit',
    kind: 'quorum',
    required: 2,
    status: 'succeeded',
    outcome: 'full',
    succeeded: 4,
    timeoutMs: 60_000,
  });
  expect(group?.members.map(({ agent }) => agent)).toEqual(['one', 'two', 'calm', 'deaf']);
  const answers: string[] = [];
  for (const { sessionId, agent } of group?.members ?? []) {
    const session = await daemon.client.session.get({ id: sessionId });
    expect(session).toMatchObject({
      commandName: 'gate-member',
      kind: 'standard',
      role: 'plain',
      arguments: { agent },
      groupId: group?.id,
    });
    const { artifacts } = await daemon.client.artifact.list({ session: sessionId, kind: 'output' });
    expect(artifacts.map(({ path }) => path)).toEqual([`outputs/001-${agent}.md`]);
    answers.push(readFileSync(join(session.artifactDir, `outputs/001-${agent}.md`), 'utf8'));
    expect(readFileSync(join(session.artifactDir, 'prompts/prompt.md'), 'utf8')).toBe(prompt);
    expect(ran.stdout).toContain(join(session.artifactDir, `outputs/001-${agent}.md`));
  }
  expect(answers).toEqual([`I was asked: ${prompt}\n`, `I was asked: ${prompt}\n`, 'all is well\n', 'heard nothing\n']);
  expect(await repo.git('status', '--porcelain')).toBe('');
});

test('a prompt as long as may be reaches agents that read it and agents that do not, and shows in no process list and no file of others', async () => {
  await using setup = await setUp((signals) =>
    configOf(
      { reads: ['answer'], waits: ['hang', signals.path('hanging')], deaf: ['deaf'] },
      { audit: { members: ['reads', 'waits', 'deaf'], required: 2, timeout: 120 } },
    ),
  );
  const { daemon, project, signals } = setup;
  const long = `the canary sentence ${'x'.repeat(256 * 1024 - 20)}`;
  const group = await daemon.client.gate.run({ name: 'audit', project, prompt: long, environment: daemon.home.env() });
  const [hanging] = await pidsIn(signals, 'hanging', 1);
  await until('the other two to answer', async () => (await daemon.client.group.get({ id: group.id })).succeeded === 2);
  expect(commandLines()).not.toContain('canary sentence');
  expect(readableByOthers(daemon.home.stateDir)).toEqual([]);
  await daemon.client.group.cancel({ id: group.id });
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'cancelled', succeeded: 2 });
  expect(isAlive(hanging as number)).toBe(false);
  const { artifactDir } = await daemon.client.session.get({ id: ended.members[0]?.sessionId as string });
  expect(readFileSync(join(artifactDir, 'outputs/001-reads.md'), 'utf8')).toBe(`I was asked: ${long}\n`);
  const events = JSON.stringify(await daemon.events());
  expect(events + daemon.home.log()).not.toContain('canary sentence');
});

test('one agent fails: it is asked once more, and the gate is accepted as degraded, which the CLI says', async () => {
  await using setup = await setUp(() =>
    configOf({ one: ['answer'], two: ['answer'], no: ['fail'] }, { audit: { members: ['one', 'no', 'two'], required: 2 } }),
  );
  const { daemon, repo } = setup;
  await repo.write('prompt.md', prompt, daemon.home.dir);

  const ran = await daemon.cli(['gate', 'run', 'audit', '--prompt', daemon.home.path('prompt.md'), '--json'], { cwd: repo.path });

  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toContain('degraded: 2 of 3 succeeded, 2 required; it is accepted');
  const group = JSON.parse(ran.stdout);
  expect(group).toMatchObject({ status: 'degraded', outcome: 'degraded', gate: 'audit' });
  expect(story(group)).toEqual(['#1 succeeded', '#1 failed > #2 failed', '#1 succeeded']);
  const [degraded] = await daemon.events({ types: ['group.degraded'] });
  expect(degraded?.data).toMatchObject({ gate: 'audit', failedSessionIds: [group.members[1].sessionId] });
});

test('an agent that fails at first is asked again with the same prompt, by the daemon and by a retry', async () => {
  await using setup = await setUp((signals) =>
    configOf(
      { one: ['answer'], later: ['second', signals.path('tried')], no: ['fail'] },
      { audit: { members: ['later', 'one'], required: 1 }, plan: { members: ['no', 'one'] } },
    ),
  );
  const { daemon, project } = setup;
  const environment = daemon.home.env();
  const run = async (name: string) => groupEnded(daemon, (await daemon.client.gate.run({ name, project, prompt, environment })).id);
  expect(story(await run('audit'))).toEqual(['#1 failed > #2 succeeded', '#1 succeeded']);

  const failed = await run('plan');
  expect(failed).toMatchObject({ status: 'failed', outcome: 'failed', reason: 'not_enough' });
  // The agents of the run are those it began with, whatever the configuration says by now.
  daemon.home.writeConfig(configOf({ one: ['fail'] }, {}));
  await daemon.client.config.reload();
  await daemon.client.group.retry({ id: failed.id, environment });
  const again = await groupEnded(daemon, failed.id);
  expect(again.members[0]).toMatchObject({ agent: 'no', status: 'failed', attempt: 2 });
  const { artifactDir } = await daemon.client.session.get({ id: again.members[0]?.sessionId as string });
  expect(readFileSync(join(artifactDir, 'prompts/prompt.md'), 'utf8')).toBe(prompt);
});

test('too few can succeed: the gate has failed at once, the agent that still works is ended, and the CLI exits with 1', async () => {
  await using setup = await setUp((signals) =>
    configOf({ no: ['fail'], slow: ['hang', signals.path('hanging')] }, { audit: { members: ['slow', 'no', 'no'], required: 2 } }),
  );
  const { daemon, repo, signals } = setup;
  await repo.write('prompt.md', prompt, daemon.home.dir);

  const ran = await daemon.cli(['gate', 'run', 'audit', '--prompt', daemon.home.path('prompt.md')], { cwd: repo.path });

  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('failed (not_enough): 0 of 3 succeeded, 2 required');
  if (signals.has('hanging')) expect((await pidsIn(signals, 'hanging', 1)).filter(isAlive)).toEqual([]);
  expect((await daemon.client.group.list({})).groups[0]?.members.map(({ status }) => status)).toEqual(['cancelled', 'failed', 'failed']);
});

test('a gate out of time ends its agents and exits with 124', async () => {
  await using setup = await setUp((signals) =>
    configOf({ one: ['answer'], slow: ['hang', signals.path('hanging')] }, { audit: { members: ['one', 'slow'], timeout: 5 } }),
  );
  const { daemon, repo, signals } = setup;
  await repo.write('prompt.md', prompt, daemon.home.dir);

  const ran = await daemon.cli(['gate', 'run', 'audit', '--prompt', daemon.home.path('prompt.md')], { cwd: repo.path });

  expect(ran.exitCode).toBe(124);
  expect(ran.stderr).toContain('(timeout)');
  const [group] = (await daemon.client.group.list({})).groups;
  expect(group).toMatchObject({ status: 'failed', outcome: 'failed', reason: 'timeout' });
  expect((await pidsIn(signals, 'hanging', 1)).filter(isAlive)).toEqual([]);
});

test('a gate goes on through a kill -9 of the daemon, and its outcome is what really happened', async () => {
  await using setup = await setUp((signals) =>
    configOf(
      { one: ['answer'], no: ['fail'], slow: ['hang', signals.path('hanging')] },
      { audit: { members: ['one', 'slow', 'no'], required: 2, timeout: 600 } },
    ),
  );
  const { daemon, project, signals } = setup;
  const group = await daemon.client.gate.run({ name: 'audit', project, prompt, environment: daemon.home.env() });
  const [hanging] = await pidsIn(signals, 'hanging', 1);
  await daemon.kill();
  process.kill(hanging as number, 'SIGKILL');
  await daemon.again();
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'failed', reason: 'not_enough', gate: 'audit', succeeded: 1 });
  expect(ended.members.map(({ status }) => status)).toEqual(['succeeded', 'failed', 'failed']);
});

test('gates are listed and shown; an unknown one and a wrong prompt are refused', async () => {
  await using setup = await setUp(() =>
    configOf({ one: ['answer'] }, { audit: { members: ['one'] }, plan: { members: ['one', 'one'], required: 1 } }),
  );
  const { daemon, repo, project } = setup;
  expect((await daemon.cli(['gate', 'list'])).stdout).toBe('audit\t1 of 1\t1800s\tone\nplan\t1 of 2\t1800s\tone, one\n');
  expect((await daemon.cli(['gate', 'show', 'plan'])).stdout).toContain('plan: 1 of 2 within 1800s');
  const unknown = await daemon.cli(['gate', 'run', 'audt', '--prompt', 'readme.txt'], { cwd: repo.path });
  expect(unknown).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('did you mean "audit"') });
  for (const wrong of ['', 'x'.repeat(256 * 1024 + 1)]) {
    await expect(daemon.client.gate.run({ name: 'audit', project, prompt: wrong })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  }
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
});
