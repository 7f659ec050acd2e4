// Commands as people write them: prompts, agents, conditions, attempts, pools, shared data, and PruneJuice's own files.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const statuses = ({ stepRuns }: SessionRecord) =>
  stepRuns
    .filter(({ phase }) => phase !== 'lifecycle')
    .map(({ phase, status, reason }) => [phase, status, reason].filter(Boolean).join(' '));

async function textOf(daemon: RealDaemon, session: string, path: string): Promise<string> {
  const { artifacts } = await daemon.client.artifact.list({ session, limit: 200 });
  const artifact = artifacts.find((one) => one.path === path);
  if (artifact === undefined) throw new Error(`no artifact ${path} among ${artifacts.map((one) => one.path).join(', ')}`);
  return (await daemon.client.artifact.read({ id: artifact.id })).data;
}

/** Puts a program on the PATH of the session: an agent that tells what it was given. */
function agentOf(repo: TestRepo): string {
  const bin = repo.beside('bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'stub-agent'),
    '#!/bin/sh\necho "thinking $1" >&2\necho "# Answer to"\ncat\necho "env $AGENT_MODE file $(basename $COPPICE_PROMPT_FILE)"\n',
  );
  chmodSync(join(bin, 'stub-agent'), 0o755);
  return `${bin}:${process.env.PATH}`;
}

test('hostile text in an argument arrives byte for byte, in environment, prompt and args, and nothing of it runs', async () => {
  await using repo = await createTestRepo();
  const hostile = `x'; touch pwned "$(touch pwned)" \`touch pwned\`\n{{ user }} %s \\n é 😀 {{ nothing }}`;
  await repo.write('p.md', 'Say: {{ message }}.');
  await repo.write(
    '.coppice/commands/say.yaml',
    commandFile('say', {
      arguments: ['message'],
      prompt_file: 'p.md',
      steps: [shell('printf %s "$COPPICE_ARG_MESSAGE" > got; printf %s "$COPPICE_STEP_TEXT" > step', { args: { text: '{{ message }}' } })],
    }),
  );
  await using daemon = await startRealDaemon();

  const ran = await daemon.cli(['run', 'say', `message=${hostile}`], { cwd: repo.path });

  expect(ran.stderr).toBe('');
  expect(readFileSync(join(repo.path, 'got'), 'utf8')).toBe(hostile);
  expect(readFileSync(join(repo.path, 'step'), 'utf8')).toBe(hostile);
  const [session] = (await daemon.client.session.list({})).sessions;
  expect(await textOf(daemon, session?.id as string, 'prompts/prompt.md')).toBe(`Say: ${hostile}.`);
  expect(existsSync(join(repo.path, 'pwned'))).toBe(false);
});

test('base, child and prompt file: order, environment, the rendered prompt, the agent that reads it, and its answer', async () => {
  await using repo = await createTestRepo();
  const path = agentOf(repo);
  await repo.write('.prj/ask.md', 'Build {{ feature }} for {{ project }} on {{ branch }}.\n');
  const base = {
    abstract: true,
    prompt_file: 'ask.md',
    environment: { AGENT_MODE: 'base', KEPT: 'yes' },
    arguments: ['feature'],
    pre_steps: [shell('echo base-pre >> "$COPPICE_ARTIFACT_DIR/order"')],
    steps: [shell('echo base >> "$COPPICE_ARTIFACT_DIR/order"'), '$steps', shell('echo base-last >> "$COPPICE_ARTIFACT_DIR/order"')],
  };
  const child = {
    extends: 'base',
    worktree: { branch: 'topic/{{ feature }}' },
    environment: { AGENT_MODE: 'child-{{ feature }}' },
    steps: [
      { type: 'agent', name: 'ask it', action: 'stub-agent', args: { argv: ['about {{ feature }}'] } },
      { type: 'builtin', action: 'prompt-agent', args: { agent: 'stub-agent', prompt: 'Only {{ feature }}' } },
      shell('echo "child $KEPT" >> "$COPPICE_ARTIFACT_DIR/order"'),
    ],
  };
  await repo.write('.coppice/commands/base.yaml', commandFile('base', base));
  await repo.write('.coppice/commands/child.yaml', commandFile('child', child));
  await using daemon = await startRealDaemon();

  const started = await daemon
    .start(repo.path, 'child', { arguments: { feature: 'a b' }, environment: { PATH: path, HOME: repo.directory } })
    .catch((error: unknown) => error);
  expect(started).toMatchObject({ kind: expect.any(String) });
  const { id } = await daemon.start(repo.path, 'child', {
    arguments: { feature: 'tea' },
    environment: { PATH: path, HOME: repo.directory },
  });
  const ended = await daemon.ended(id);

  expect(ended).toMatchObject({ status: 'succeeded', branch: 'topic/tea' });
  expect(readFileSync(join(ended.artifactDir, 'order'), 'utf8')).toBe('base-pre\nbase\nchild yes\nbase-last\n');
  const prompt = 'Build tea for repo on topic/tea.\n';
  expect(await textOf(daemon, id, 'prompts/prompt.md')).toBe(prompt);
  expect(await textOf(daemon, id, 'prompts/prompt.source.md')).toBe('Build {{ feature }} for {{ project }} on {{ branch }}.\n');
  expect(await textOf(daemon, id, 'outputs/003-ask-it.md')).toBe(`# Answer to\n${prompt}env child-tea file prompt.md\n`);
  expect(await textOf(daemon, id, 'outputs/004-prompt-agent.md')).toContain('# Answer to\nOnly teaenv');
  // The log has what was said on stderr, then the answer.
  const output = await daemon.client.session.readOutput({ id, step: 3 });
  expect(output.data).toBe(`thinking about tea\n# Answer to\n${prompt}env child-tea file prompt.md\n`);
  expect(JSON.parse(await textOf(daemon, id, 'meta/session.json'))).toMatchObject({ id, status: 'succeeded', branch: 'topic/tea' });
  expect(await textOf(daemon, id, 'meta/definition.yaml')).toContain('promptFile: ask.md');
});

test('a missing base, a cycle and a missing prompt are told by list and validate, and refused at the start', async () => {
  await using repo = await createTestRepo();
  const steps = [shell('touch ran')];
  await repo.write('.coppice/commands/orphan.yaml', commandFile('orphan', { extends: 'nobody', steps }));
  await repo.write('.coppice/commands/a.yaml', commandFile('a', { extends: 'b', steps }));
  await repo.write('.coppice/commands/b.yaml', commandFile('b', { extends: 'a', steps }));
  await repo.write('.coppice/commands/mute.yaml', commandFile('mute', { prompt_file: 'gone.md', steps }));
  await repo.write('.coppice/commands/out.yaml', commandFile('out', { prompt_file: '../outside.md', steps }));
  writeFileSync(repo.beside('outside.md'), 'no');
  await using daemon = await startRealDaemon();
  const project = (await daemon.client.project.add({ path: repo.path })).id;

  const { commands } = await daemon.client.command.list({ project });
  const { diagnostics } = await daemon.client.command.validate({ project });

  const told = {
    orphan: 'No command is named "nobody"',
    a: 'extends itself',
    b: 'extends itself',
    mute: '"gone.md" is neither',
    out: 'outside',
  };
  for (const [name, message] of Object.entries(told)) {
    const listed = commands.find((command) => command.name === name);
    expect(listed, name).toMatchObject({ valid: false });
    expect(listed?.diagnostics.map((one) => one.message).join(), name).toContain(message);
    expect(diagnostics.map((one) => one.message).join()).toContain(message);
    await expect(daemon.client.session.start({ project, command: name }), name).rejects.toMatchObject({ kind: 'COMMAND_INVALID' });
  }
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
  await repo.write('gone.md', 'here now');
  expect((await daemon.ended((await daemon.start(repo.path, 'mute')).id)).status).toBe('succeeded');
});

test('a prompt with a variable that has no value is refused before anything exists', async () => {
  await using repo = await createTestRepo();
  await repo.write('p.md', 'About {{ topic }}');
  await repo.write(
    '.coppice/commands/ask.yaml',
    commandFile('ask', { prompt_file: 'p.md', arguments: [{ name: 'topic' }], steps: [shell('true')] }),
  );
  await using daemon = await startRealDaemon();
  await expect(daemon.start(repo.path, 'ask')).rejects.toMatchObject({
    kind: 'COMMAND_INVALID',
    message: expect.stringContaining('topic'),
  });
  await repo.write('p.md', 'About {{ topc }}');
  await expect(daemon.start(repo.path, 'ask')).rejects.toMatchObject({ message: expect.stringContaining('did you mean "topic"') });
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
});

test('one step may use all of a budget of 2400 seconds', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: { long: commandFile('long', { timeout: 2400, steps: [shell(`${signals.tell('runs')}; ${signals.waitFor('gate')}`)] }) },
  });
  const { id } = await daemon.start(repo.path, 'long');
  await signals.lines('runs');
  const db = new Database(home.databasePath, { readonly: true });
  const row = db.prepare('SELECT started_at, deadline_at FROM step_runs WHERE session_id = ? AND step_index = 1').get(id) as Record<
    string,
    number
  >;
  db.close();
  expect((row.deadline_at ?? 0) - (row.started_at ?? 0)).toBeGreaterThan(2_395_000);
  expect((row.deadline_at ?? 0) - (row.started_at ?? 0)).toBeLessThanOrEqual(2_400_000);
  signals.open('gate');
  expect((await daemon.ended(id)).status).toBe('succeeded');
});

test('a published value is read by a later step by template, by the context file, and by calls', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      share: commandFile('share', {
        steps: [
          shell('echo "version=1.10" >> "$COPPICE_OUTPUT_FILE"'),
          shell(
            `echo "$V" > ${signals.path('template')}; cp "$COPPICE_CONTEXT_FILE" ${signals.path('context')}; ${signals.tell('token', '$COPPICE_TOKEN')}`,
            {
              env: { V: '{{ data.version }}' },
            },
          ),
          shell(signals.waitFor('gate')),
        ],
      }),
      other: commandFile('other', { steps: [shell(signals.waitFor('gate'))] }),
    },
  });
  const { id, slug } = await daemon.start(repo.path, 'share');
  const other = await daemon.start(repo.path, 'other');
  const [token] = await signals.lines('token');

  expect(readFileSync(signals.path('template'), 'utf8')).toBe('1.10\n');
  expect(JSON.parse(readFileSync(signals.path('context'), 'utf8')).sharedData).toEqual({ version: '1.10' });
  expect(await daemon.client.session.getData({ id, key: 'version' })).toEqual({ key: 'version', value: '1.10' });
  await expect(daemon.client.session.getData({ id, key: 'versoin' })).rejects.toMatchObject({
    kind: 'NOT_FOUND',
    details: { suggestions: ['version'] },
  });

  const inside = await connect({ socketPath: home.socketPath, env: home.env(), token: token as string });
  await inside.session.setData({ id, key: 'seen', value: { by: ['agent'] } });
  await expect(inside.session.setData({ id: other.id, key: 'seen', value: 1 })).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  await inside.close();
  expect((await daemon.cli(['data', slug, 'note=a=b'])).exitCode).toBe(0);
  expect((await daemon.cli(['data', slug, 'note'])).stdout).toBe('a=b\n');
  expect((await daemon.client.session.listData({ id })).data).toEqual({ note: 'a=b', seen: { by: ['agent'] }, version: '1.10' });
  await expect(daemon.client.session.setData({ id, key: 'big', value: 'x'.repeat(70_000) })).rejects.toMatchObject({
    kind: 'LIMIT_EXCEEDED',
  });
  const writers = (await daemon.events({ types: ['session.dataSet'] })).map(({ actor }) => actor);
  expect(writers).toEqual([`session:${id}`, `session:${id}`, 'owner']);
  signals.open('gate');
  await daemon.ended(id);
  await expect(daemon.client.session.setData({ id, key: 'late', value: 1 })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
});

test('conditions skip steps, and steps that fail are tried again as their policy says', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const flaky = `${signals.tell('tries')}; [ $(wc -l < ${signals.path('tries')}) -ge 3 ] || exit 75`;
  const quick = { initial_backoff_ms: 10, jitter: 0 };
  await using daemon = await startRealDaemon({
    home,
    commands: {
      flow: commandFile('flow', {
        arguments: [{ name: 'deploy', type: 'boolean', default: false }],
        steps: [
          shell(flaky, { id: 'flaky', retry: { max_attempts: 5, on: [75], ...quick } }),
          shell('echo mode=fast >> "$COPPICE_OUTPUT_FILE"; exit 1', { id: 'tolerated', continue_on_error: true }),
          shell('true', { when: "steps.flaky.status == 'succeeded' and data.mode == 'fast'" }),
          shell('true', { when: 'deploy' }),
          shell('true', { when: 'on_success' }),
          shell('exit 3', { retry: { max_attempts: 2, on: [3], ...quick } }),
        ],
        finally_steps: [shell('true', { when: 'on_failure' }), shell('true', { when: 'on_success' })],
      }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'flow')).id);

  expect(statuses(ended)).toEqual([
    'main succeeded',
    'main failed exit',
    'main succeeded',
    'main skipped when',
    'main skipped when',
    'main failed exit',
    'finally succeeded',
    'finally skipped when',
  ]);
  const [first, , , , , last] = ended.stepRuns;
  expect(first).toMatchObject({
    attempt: 3,
    earlierAttempts: [
      { attempt: 1, exitCode: 75 },
      { attempt: 2, exitCode: 75 },
    ],
  });
  expect(last).toMatchObject({ attempt: 2, exitCode: 3, earlierAttempts: [{ attempt: 1, exitCode: 3 }] });
  const retries = await daemon.events({ types: ['retry.scheduled'] });
  expect(retries.map(({ data }) => data)).toMatchObject([
    { attempt: 1, nextAttempt: 2, delayMs: 10, exitCode: 75 },
    { attempt: 2, nextAttempt: 3, delayMs: 20 },
    { attempt: 1, nextAttempt: 2, exitCode: 3 },
  ]);
});

test('attempts go on counting after kill -9 of the daemon, and a cancel while backing off ends the session at once', {
  timeout: 90_000,
}, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      again: commandFile('again', {
        steps: [
          shell(`${signals.tell('tries')}; exit 9`, { retry: { max_attempts: 3, initial_backoff_ms: 1500, multiplier: 1, jitter: 0 } }),
        ],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
      }),
      slow: commandFile('slow', {
        steps: [shell('exit 9', { retry: { initial_backoff_ms: 600_000, max_backoff_ms: 600_000 } })],
        cleanup_on_failure: [shell(signals.tell('cleaned-slow'))],
      }),
    },
  });
  const stepOf = async (id: string) => (await daemon.client.session.get({ id })).stepRuns[0];
  const backing = (id: string, attempt: number) =>
    until(`attempt ${attempt} to be waited for`, async () => {
      const step = await stepOf(id);
      return step?.retryAt !== undefined && step.attempt === attempt && step;
    });

  const { id } = await daemon.start(repo.path, 'again');
  await backing(id, 2);
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended.stepRuns[0]).toMatchObject({ status: 'failed', attempt: 3, exitCode: 9 });
  expect(ended.stepRuns[0]?.earlierAttempts).toHaveLength(2);
  expect(await signals.lines('tries')).toHaveLength(3);
  expect(await signals.lines('cleaned')).toHaveLength(1);

  const slow = await daemon.start(repo.path, 'slow');
  const waiting = await backing(slow.id, 2);
  await daemon.kill();
  await daemon.again();
  // Its time is the one from before, which no restart is slow enough to reach.
  expect(await stepOf(slow.id)).toMatchObject({ status: 'pending', attempt: 2, retryAt: waiting.retryAt });
  const asked = Date.now();
  await daemon.client.session.cancel({ id: slow.id });
  const cancelled = await daemon.ended(slow.id);
  expect(Date.now() - asked).toBeLessThan(3_000);
  expect(cancelled).toMatchObject({ status: 'cancelled' });
  expect(cancelled.stepRuns[0]).toMatchObject({ status: 'cancelled', attempt: 2 });
  expect(await signals.lines('cleaned-slow')).toHaveLength(1);
});

test('cleanup runs once after kill -9 during a step that hangs, whose timeout still comes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      hang: commandFile('hang', {
        steps: [shell(`${signals.tell('hangs')}; exec sleep 300`, { timeout: 3 })],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
        finally_steps: [shell(signals.tell('last'))],
      }),
    },
  });
  const { id } = await daemon.start(repo.path, 'hang');
  await signals.lines('hangs');
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
  expect([await signals.lines('cleaned'), await signals.lines('last')]).toEqual([['cleaned'], ['last']]);
});

test('a pool lets in as many as its limit, in order and visibly, and holds up nobody else', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const pooled = (gate: string) => commandFile(gate, { concurrency: { group: 'gpu', limit: 1 }, steps: [shell(signals.waitFor(gate))] });
  await using daemon = await startRealDaemon({
    home,
    commands: { one: pooled('one'), two: pooled('two'), three: pooled('three'), free: commandFile('free', { steps: [shell('true')] }) },
  });
  const [one, two, three] = [
    await daemon.start(repo.path, 'one'),
    await daemon.start(repo.path, 'two'),
    await daemon.start(repo.path, 'three'),
  ];

  expect((await daemon.ended((await daemon.start(repo.path, 'free')).id)).status).toBe('succeeded');
  expect(await daemon.client.session.get({ id: two.id })).toMatchObject({
    status: 'queued',
    queuePosition: 1,
    queueReason: 'pool',
    concurrencyGroup: 'gpu',
  });
  expect(await daemon.client.session.get({ id: three.id })).toMatchObject({ status: 'queued', queuePosition: 2 });
  signals.open('one');
  await daemon.ended(one.id);
  expect(await until('the second to be let in', async () => (await daemon.client.session.get({ id: two.id })).status === 'running')).toBe(
    true,
  );
  expect(await daemon.client.session.get({ id: three.id })).toMatchObject({ status: 'queued', queuePosition: 1 });
  signals.open('two');
  signals.open('three');
  expect((await daemon.ended(three.id)).status).toBe('succeeded');
});

test('a session that failed is started again with its arguments, in the worktree it left; a branch in use is refused unless reuse is asked for', async () => {
  await using repo = await createTestRepo();
  const command = (more: Record<string, unknown>) => ({
    arguments: ['what', { name: 'key', secret: true }],
    worktree: { branch: 'work/{{ what }}', ...more },
    steps: [shell('[ -e made ] || { echo "$COPPICE_ARG_WHAT" > made; exit 4; }')],
  });
  await using daemon = await startRealDaemon({
    commands: { work: commandFile('work', command({})), reuse: commandFile('reuse', command({ existing: 'reuse' })) },
  });
  const failed = await daemon.ended((await daemon.start(repo.path, 'work', { arguments: { what: 'tea' } })).id);
  expect(failed.status).toBe('failed');

  await expect(daemon.start(repo.path, 'work', { arguments: { what: 'tea' } })).rejects.toMatchObject({
    kind: 'ALREADY_EXISTS',
    message: expect.stringContaining(failed.worktreePath as string),
  });
  const retried = await daemon.cli(['retry', failed.slug, '--json'], { cwd: repo.path });
  expect(retried.exitCode).toBe(0);
  expect(JSON.parse(retried.stdout)).toMatchObject({ status: 'succeeded', worktreePath: failed.worktreePath, arguments: { what: 'tea' } });
  await expect(daemon.client.session.retry({ id: JSON.parse(retried.stdout).id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
  const reused = await daemon.ended((await daemon.start(repo.path, 'reuse', { arguments: { what: 'tea' } })).id);
  expect(reused).toMatchObject({ status: 'succeeded', worktreePath: failed.worktreePath });
  expect(reused.stepRuns.at(-1)).toMatchObject({ name: 'release worktree', reason: 'kept: reused' });

  const secret = await daemon.ended((await daemon.start(repo.path, 'work', { arguments: { what: 'x', key: 'canary' } })).id);
  await expect(daemon.client.session.retry({ id: secret.id })).rejects.toMatchObject({
    kind: 'PRECONDITION',
    message: expect.stringContaining('"key"'),
  });
});

test('schedules of files and calls run with the environment of the daemon; what overlaps is skipped, what was missed is told once', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const nightly = { schedule: { cron: '* * * * * *', arguments: { who: 'file' } }, arguments: ['who'] };
  const steps = [shell(`${signals.tell('ran', '$COPPICE_ARG_WHO $FROM')}; ${signals.waitFor('gate')}`)];
  await repo.write('.coppice/commands/tick.yaml', commandFile('tick', { ...nightly, steps }));
  await repo.write('.coppice/commands/plain.yaml', commandFile('plain', { steps: [shell('true')] }));
  await using daemon = await startRealDaemon({ home, env: { FROM: 'daemon' } });
  const project = (await daemon.client.project.add({ path: repo.path })).id;

  const { schedules } = await daemon.client.schedule.list({ project });
  expect(schedules).toMatchObject([{ commandName: 'tick', source: 'file', cron: '* * * * * *', nextAt: expect.any(String) }]);
  const tick = schedules[0]?.id as string;
  expect(await signals.lines('ran')).toEqual(['file daemon']);
  await until('a time to be skipped', async () =>
    (await daemon.events({ types: ['schedule.skipped'] })).some(({ data }) => (data as { reason: string }).reason === 'overlap'),
  );
  const [session] = (await daemon.client.session.list({})).sessions;
  expect(session).toMatchObject({ scheduleId: tick, commandName: 'tick' });
  await expect(daemon.client.schedule.remove({ id: tick })).rejects.toMatchObject({ kind: 'PRECONDITION' });

  await daemon.kill();
  const killed = Date.now();
  await until('times to pass', () => Date.now() - killed > 2_500);
  await daemon.again();
  const missed = await until('the missed times', async () => {
    const skipped = await daemon.events({ types: ['schedule.skipped'] });
    const found = skipped.filter(({ data }) => (data as { reason: string }).reason === 'missed');
    return found.length > 0 && found;
  });
  expect(missed).toHaveLength(1);
  expect((missed[0] as { data: { count: number } }).data.count).toBeGreaterThanOrEqual(2);

  await repo.write('.coppice/commands/tick.yaml', commandFile('tick', { arguments: ['who'], steps }));
  expect((await daemon.client.schedule.list({ project })).schedules).toEqual([]);
  signals.open('gate');
  const made = await daemon.cli(['schedule', 'create', '0 3 * * *', 'plain', '--timezone', 'Europe/Berlin'], { cwd: repo.path });
  const id = made.stdout.trim();
  expect(await daemon.client.schedule.get({ id })).toMatchObject({ source: 'call', timezone: 'Europe/Berlin', overlap: 'skip' });
  expect((await daemon.cli(['schedule', 'run', id])).exitCode).toBe(0);
  expect((await daemon.client.schedule.get({ id })).lastSessionId).toMatch(/^ses_/);
  expect((await daemon.cli(['schedule', 'list'])).stdout).toContain(id);
  expect((await daemon.cli(['schedule', 'rm', id])).exitCode).toBe(0);
  await expect(daemon.client.schedule.create({ project, command: 'plain', cron: 'often' })).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
  });
  await expect(daemon.client.schedule.create({ project, command: 'tick', cron: '0 3 * * *' })).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
  });
});

test("a project of PruneJuice's runs unchanged: its YAML, its scripts, its variables", async () => {
  await using repo = await createTestRepo();
  await repo.write(
    '.prj/commands/feature.yaml',
    [
      'name: feature',
      'description: As PruneJuice had it.',
      'category: workflow',
      'extends: common',
      'prompt_file: prompts/feature.md',
      'arguments:',
      '  - feature_name',
      '  - {name: level, type: integer, default: 2, required: false}',
      'environment: {MODE: fast}',
      'pre_steps: [setup-environment, validate-prerequisites]',
      'steps:',
      '  - gather-context',
      '  - {name: measure, type: script, action: measure.py, args: {depth: 3}, timeout: 60}',
      '  - finish.sh',
      '  - tidy',
      'post_steps: [store-artifacts]',
      'cleanup_on_failure: [cleanup]',
      'timeout: 1800',
      '',
    ].join('\n'),
  );
  await repo.write('.prj/commands/common.yaml', 'name: common\nsteps: [echo base "$MODE"]\n');
  await repo.write('.prj/prompts/feature.md', 'Do {{ feature_name }} at {{ level }}');
  await repo.write(
    '.prj/steps/measure.py',
    'import json, os\ne = os.environ\nprint(json.dumps({k: e.get("PRUNEJUICE_" + k) for k in ["ACTION_NAME", "ARG_FEATURE_NAME", "ARG_LEVEL", "STEP_DEPTH", "STEP_NAME"]}))\n' +
      'open(os.path.join(e["PRUNEJUICE_ARTIFACT_DIR"], "specs", "prompt.txt"), "w").write(open(e["PRUNEJUICE_PROMPT_FILE"]).read())\n',
  );
  await repo.write('.prj/steps/finish.sh', 'echo "$PRUNEJUICE_PROJECT_PATH $MODE $PRUNEJUICE_EVENT_ID" > finished.txt\n');
  await repo.write('.prj/steps/tidy.sh', 'echo tidy\n');
  await using daemon = await startRealDaemon();

  const ran = await daemon.cli(['run', 'feature', 'feature_name=tea', '--json'], { cwd: repo.path });

  expect(ran.stderr).toBe('');
  const session = JSON.parse(ran.stdout) as SessionRecord;
  expect(session).toMatchObject({ status: 'succeeded', kind: 'standard' });
  expect(readFileSync(join(repo.path, 'finished.txt'), 'utf8')).toBe(`${repo.path} fast ${session.id}\n`);
  const measure = session.stepRuns.find(({ name }) => name === 'measure');
  const output = await daemon.client.session.readOutput({ id: session.id, step: measure?.id as string });
  expect(JSON.parse(output.data)).toEqual({
    ACTION_NAME: 'feature',
    ARG_FEATURE_NAME: 'tea',
    ARG_LEVEL: '2',
    STEP_DEPTH: '3',
    STEP_NAME: 'measure',
  });
  expect(await textOf(daemon, session.id, 'specs/prompt.txt')).toBe('Do tea at 2');
  expect(session.sharedData.context_info).toMatchObject({ project_name: 'repo', git_branch: 'master' });
});
