// What a step sees of its surroundings, what it may do with it, and where secrets never show.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLines } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { cliProgram, createHome, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

const places = [
  { where: 'as a process', extra: {} },
  { where: 'in a terminal', extra: { session: {} } },
];

function variables(path: string): Map<string, string> {
  const pairs = readFileSync(path, 'utf8').split('\0').filter(Boolean);
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

for (const { where, extra } of places) {
  test(`a step ${where} has the client's environment and its own facts, and nothing of the client's terminal, service or daemon`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    await using daemon = await startRealDaemon({
      home,
      env: { ONLY_THE_DAEMONS: 'x' },
      commands: {
        env: commandFile('env', {
          ...extra,
          arguments: [
            { name: 'who-is', required: true },
            { name: 'count', type: 'integer', default: 3 },
          ],
          environment: { FROM_COMMAND: '{{ command_name }}-{{ count }}', NUMBER: 5 },
          steps: [shell(`env -0 > ${signals.path('env')}`, { env: { FROM_STEP: 'step' }, args: { list: [1, 2] } })],
        }),
      },
    });
    const client = {
      ONLY_THE_CLIENTS: 'a = "b"; $c ü',
      TMUX: '/elsewhere,1,0',
      TMUX_PANE: '%99',
      NOTIFY_SOCKET: '/run/x',
      LISTEN_FDS: '1',
      COPPICE_MINE: 'no',
      VIRTUAL_ENV: undefined,
    };

    const ran = await daemon.cli(['run', 'env', 'who-is=x; touch pwned $(id)', '--json'], { cwd: repo.path, env: client });

    expect(ran).toMatchObject({ exitCode: 0 });
    const session = JSON.parse(ran.stdout) as SessionRecord;
    const seen = variables(signals.path('env'));
    const expected = {
      ONLY_THE_CLIENTS: 'a = "b"; $c ü',
      FROM_COMMAND: 'env-3',
      NUMBER: '5',
      FROM_STEP: 'step',
      COPPICE_SESSION_ID: session.id,
      COPPICE_COMMAND_NAME: 'env',
      COPPICE_PROJECT_PATH: repo.path,
      COPPICE_WORKING_DIRECTORY: repo.path,
      COPPICE_ARTIFACT_DIR: session.artifactDir,
      COPPICE_STEP_INDEX: '1',
      COPPICE_SOCKET: home.socketPath,
      COPPICE_ARG_WHO_IS: 'x; touch pwned $(id)',
      COPPICE_ARG_COUNT: '3',
      COPPICE_STEP_LIST: '[1,2]',
    };
    expect(Object.fromEntries(seen)).toMatchObject(expected);
    for (const name of ['NOTIFY_SOCKET', 'LISTEN_FDS', 'COPPICE_MINE', 'COPPICE_HOME', 'COPPICE_NO_AUTOSTART', 'ONLY_THE_DAEMONS']) {
      expect(seen.has(name), name).toBe(false);
    }
    expect(seen.get('TMUX_PANE')).not.toBe('%99');
    if (where === 'as a process') expect([seen.get('TMUX'), seen.get('TMUX_PANE')]).toEqual([undefined, undefined]);
    else expect(seen.get('TMUX')).toContain(home.tmuxSocketPath);
  });
}

test('the CLI inside a step speaks for its session: it may read, but not list tokens nor stop the daemon', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const call = (name: string, ...words: string[]): string =>
    `${process.execPath} ${cliProgram} ${words.join(' ')} > ${signals.path(`${name}.out`)} 2> ${signals.path(`${name}.err`)}; echo $? > ${signals.path(name)}`;
  const steps = [
    shell(call('tokens', 'call', 'auth.listTokens')),
    shell(call('stop', 'daemon', 'stop')),
    shell(call('session', 'call', 'session.get', `"{\\"id\\":\\"$COPPICE_SESSION_ID\\"}"`)),
    shell(`unset COPPICE_TOKEN; ${call('owner', 'call', 'auth.listTokens')}`),
  ];
  await using daemon = await startRealDaemon({ home, commands: { inside: commandFile('inside', { steps }) } });

  const session = await daemon.ended((await daemon.start(repo.path, 'inside')).id);

  expect(session.status).toBe('succeeded');
  expect(await signals.lines('tokens')).toEqual(['7']);
  expect(readFileSync(signals.path('tokens.err'), 'utf8')).toMatch(/^coppice: .*auth\.listTokens/);
  expect(await signals.lines('stop')).toEqual(['7']);
  expect(await signals.lines('session')).toEqual(['0']);
  expect(JSON.parse(readFileSync(signals.path('session.out'), 'utf8'))).toMatchObject({ id: session.id, status: 'running' });
  // The same user without the token is the owner: no sandbox, and none is claimed.
  expect(await signals.lines('owner')).toEqual(['0']);
});

test('the token of a session ends with it', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: { tell: commandFile('tell', { steps: [shell(`${signals.tell('token', '$COPPICE_TOKEN')}; ${signals.waitFor('gate')}`)] }) },
  });
  const session = await daemon.start(repo.path, 'tell');
  const token = (await signals.lines('token'))[0] as string;
  const asSession = await daemon.cli(['call', 'daemon.hello', '{}', '--json'], { env: { COPPICE_TOKEN: token } });
  expect(JSON.parse(asSession.stdout)).toMatchObject({ scopes: ['session'] });

  signals.open('gate');
  await daemon.ended(session.id);

  expect((await daemon.cli(['call', 'daemon.ping'], { env: { COPPICE_TOKEN: token } })).exitCode).toBe(7);
});

test('a secret of the environment or of an argument is in no database, log, event, artifact or command line', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const canaries = ['canary-env-5e1f', 'canary-arg-77aa'];
  const [environment, argument] = canaries as [string, string];
  // By length only: the text of a step is in its record, as it is no secret.
  const check = `test "\${#API_KEY} \${#COPPICE_ARG_PASSWORD}" = "${environment.length} ${argument.length}"`;
  await using daemon = await startRealDaemon({
    home,
    config: '[daemon]\nlog_level = "trace"\n',
    commands: {
      quiet: commandFile('quiet', {
        session: {},
        arguments: [{ name: 'password', secret: true, required: true }],
        pre_steps: ['setup-environment'],
        steps: [shell(check), shell(`${signals.tell('running')}; ${signals.waitFor('gate')}`), shell('false')],
        post_steps: ['store-artifacts'],
        cleanup_on_failure: [shell('true', { run_in: 'process' })],
      }),
    },
  });
  const project = await daemon.client.project.add({ path: repo.path });
  const session = await daemon.client.session.start({
    project: project.id,
    command: 'quiet',
    arguments: { password: argument },
    environment: { ...home.env(), API_KEY: environment },
  });
  await signals.lines('running');

  const running = commandLines();
  // In the file that the session needs, for its owner only.
  expect(readFileSync(join(home.stateDir, 'env', session.id), 'utf8')).toContain(environment);
  expect(statSync(join(home.stateDir, 'env', session.id)).mode & 0o777).toBe(0o600);
  signals.open('gate');
  const ended = await daemon.ended(session.id);
  const answers = JSON.stringify([ended, await daemon.events(), await daemon.client.session.list({})]);
  await daemon.stop();

  expect(ended.stepRuns.filter(({ phase }) => phase === 'main').map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'failed']);
  const files = readdirSync(home.stateDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['coppice.db', 'coppiced.log']));
  for (const canary of canaries) {
    expect(running).not.toContain(canary);
    expect(answers).not.toContain(canary);
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      expect(readFileSync(path, 'latin1').includes(canary), path).toBe(false);
    }
  }
});
