// Steps that break what is theirs to write, hide, or lose their wrapper: the session still ends, truly, and nothing runs on.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test.each([
  ['a pipe', 'mkfifo "$COPPICE_OUTPUT_FILE"', 'no regular file'],
  ['a folder', 'mkdir -p "$COPPICE_OUTPUT_FILE/x"', 'no regular file'],
  ['a link to a device without end', 'ln -s /dev/zero "$COPPICE_OUTPUT_FILE"', 'no regular file'],
  ['too long', 'head -c 1100000 /dev/zero | tr "\\0" x > "$COPPICE_OUTPUT_FILE"', 'longer than'],
])('an output file that is %s publishes nothing and says so; the session goes on', async (_, action, says) => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { odd: commandFile('odd', { steps: [shell(action), shell('echo after=1 >> "$COPPICE_OUTPUT_FILE"')] }) },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'odd')).id);

  expect(ended).toMatchObject({ status: 'succeeded', sharedData: { after: '1' } });
  expect(ended.stepRuns[0]).toMatchObject({ status: 'succeeded', error: expect.stringContaining(says) });
});

test('a pipe in the place of a later log fails that step and does not hold up the daemon', async () => {
  await using repo = await createTestRepo();
  const steps = [shell('mkfifo "$COPPICE_ARTIFACT_DIR/logs/002-next.log" "$COPPICE_ARTIFACT_DIR/logs/003-cleanup.log"')];
  await using daemon = await startRealDaemon({
    commands: {
      pipe: commandFile('pipe', { steps: [...steps, { name: 'next', ...shell('true') }], finally_steps: ['cleanup'] }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'pipe')).id);

  expect(ended.stepRuns.map(({ status }) => status)).toEqual(['succeeded', 'failed', 'failed']);
  expect(ended).toMatchObject({ status: 'failed', reason: 'enxio' });
});

for (const { where, extra } of [
  { where: 'as a process', extra: {} },
  { where: 'in a terminal', extra: { session: {} } },
]) {
  test(`a timeout of a step ${where} also ends what hid: an orphan in a session of its own, without our marks`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    const hidden = `env -i setsid bash -c 'echo $$ >> ${signals.path('hidden')}; exec sleep 300'`;
    const action = `( ${hidden} & ) ; exec sleep 300`;
    await using daemon = await startRealDaemon({
      home,
      commands: { hide: commandFile('hide', { ...extra, steps: [shell(action, { timeout: 2 })] }) },
    });

    const session = await daemon.start(repo.path, 'hide');
    const pid = Number((await signals.lines('hidden'))[0]);
    try {
      const ended = await daemon.ended(session.id);
      expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
      expect(isAlive(pid)).toBe(false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
}

test('a step whose wrapper is killed alone is lost, and its processes end before anything tidies up', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const step = shell(`${signals.tell('ran', '$$')}; kill -9 $PPID; exec sleep 300`);
  await using daemon = await startRealDaemon({
    home,
    commands: { orphan: commandFile('orphan', { steps: [step], cleanup_on_failure: [shell(signals.tell('cleaned'))] }) },
  });

  const session = await daemon.start(repo.path, 'orphan');
  const pid = Number((await signals.lines('ran'))[0]);
  const ended = await daemon.ended(session.id);

  expect(ended.status).toBe('lost');
  expect(isAlive(pid)).toBe(false);
  expect(await signals.lines('cleaned')).toEqual(['cleaned']);
});

test('a stranger that got the pid of a dead wrapper is not taken for it', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran', '$$ $PPID')}; ${signals.waitFor('never')}`)];
  await using daemon = await startRealDaemon({ home, commands: { slow: commandFile('slow', { steps }) } });
  const session = await daemon.start(repo.path, 'slow');
  const [pid, wrapper] = ((await signals.lines('ran'))[0] as string).split(' ').map(Number);
  const { id } = (await daemon.client.session.get({ id: session.id })).stepRuns[0] as { id: string };

  await daemon.kill();
  for (const each of [wrapper, pid]) process.kill(each as number, 'SIGKILL');
  await until('both to be gone', () => !isAlive(pid as number) && !isAlive(wrapper as number));
  // As after a long time down: this process lives, but began at another time than the wrapper did.
  writeFileSync(`${home.stateDir}/steps/${id}.pid`, `${process.pid} ${process.pid} 1 1\n`);
  await daemon.again();

  expect(await daemon.ended(session.id)).toMatchObject({ status: 'lost', reason: 'lost' });
  expect(isAlive(process.pid)).toBe(true);
});

test('a cleanup step that hangs ends at its own time, and each of the others is tried', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const stubborn = 'trap "" TERM; while :; do sleep 0.2; done';
  await using daemon = await startRealDaemon({
    home,
    commands: {
      tidy: commandFile('tidy', {
        steps: [shell('exit 1')],
        cleanup_on_failure: [shell(stubborn, { timeout: 1 }), { type: 'script', script: 'exit 5' }, shell(signals.tell('cleaned'))],
        finally_steps: [shell('exec sleep 300', { timeout: 1 }), shell(signals.tell('last'))],
      }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'tidy')).id);

  expect(ended.stepRuns.map(({ phase, status, reason }) => [phase, status, reason])).toEqual([
    ['main', 'failed', 'exit'],
    ['cleanup', 'failed', 'timeout'],
    ['cleanup', 'failed', 'exit'],
    ['cleanup', 'succeeded', undefined],
    ['finally', 'failed', 'timeout'],
    ['finally', 'succeeded', undefined],
  ]);
  expect(ended).toMatchObject({ status: 'failed', reason: 'exit' });
  expect([await signals.lines('cleaned'), await signals.lines('last')]).toEqual([['cleaned'], ['last']]);
});

test('exit code 7 after bytes that are no text: the record has the code and the last lines, the log every byte', async () => {
  await using repo = await createTestRepo();
  const bytes = Buffer.concat([Buffer.from([0xff, 0, 0x80, 0x1b, 0x0a]), Buffer.from('the reason\n')]);
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  await using daemon = await startRealDaemon({
    commands: { seven: commandFile('seven', { steps: [shell(`printf '${octal}'; exit 7`)] }) },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'seven')).id);

  expect(ended.stepRuns[0]).toMatchObject({ exitCode: 7, error: expect.stringMatching(/exit code 7.*the reason$/s) });
  expect(ended.error).not.toContain('\0');
  const output = await daemon.client.session.readOutput({ id: ended.id, encoding: 'base64' });
  expect(Buffer.from(output.data, 'base64')).toEqual(bytes);
});
