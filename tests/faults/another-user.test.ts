// Another user of the machine: finds no door, no file and no secret, whatever runs at the moment.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { asNobody, nobodyLooks } from '../helpers/other-user.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { cliProgram } from '../helpers/real-daemon.ts';
import { rootMissing } from '../helpers/small-disk.ts';
import { fakeAgent, setUpSpecTasks } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });
const isMissing = rootMissing('become another user');

const canaries = {
  variable: 'canary-variable-31f0',
  argument: 'canary-argument-92bc',
  credential: 'canary-credential-7d1e',
  agentKey: 'canary-agent-key-c4a8',
  typed: 'canary-typed-0b55',
} as const;

test.skipIf(isMissing)(
  'another user cannot connect, reads nothing, and sees no secret in what the daemon and all it starts are called with',
  async () => {
    await using setup = await setUpSpecTasks();
    const { daemon, repo } = setup;
    const { home, client } = daemon;
    // What keeps others out is ours, not that of the folder of the test.
    for (const open of [home.dir, repo.directory]) chmodSync(open, 0o755);
    const key = home.path('key');
    writeFileSync(key, `${canaries.credential}\n`, { mode: 0o600 });
    home.writeConfig(`${readFileSync(home.configPath, 'utf8')}\n[credentials.key]\nfile = ${JSON.stringify(key)}\n`);
    await client.config.reload();
    const signals = createSignals(home);
    const running = shell(`${signals.tell('running')}; ${signals.waitFor('gate')}`, { credentials: { KEY: 'key' } });
    home.writeCommand(
      'secret',
      commandFile('secret', {
        session: {},
        worktree: { branch: 'secret' },
        arguments: [{ name: 'password', secret: true, required: true }],
        pre_steps: ['setup-environment', 'gather-context'],
        steps: [running, { ...running, run_in: 'process' }],
        post_steps: ['store-artifacts'],
      }),
    );
    const ownerToken = readFileSync(join(home.stateDir, 'token'), 'utf8').trim();
    const onlooker = nobodyLooks([...Object.values(canaries), ownerToken]);

    const environment = { ...home.env(), API_KEY: canaries.variable, FAKE_KEY: canaries.agentKey };
    const session = await until('the command to be known', () =>
      client.session.start({ project: setup.project, command: 'secret', arguments: { password: canaries.argument }, environment }),
    );
    const gate = signals.path('agent');
    const does = [
      'run test -n "$FAKE_KEY"',
      `run touch ${signals.path('agent-runs')}`,
      `wait ${gate}`,
      'write new.txt new',
      'commit Add it',
    ];
    const task = await setup.approved([{ title: 'Add it', does }], { environment });
    await client.specTask.startImplementation({ id: task.id });
    await until('agent and step to run', () => existsSync(signals.path('agent-runs')) && signals.has('running'));
    await client.terminal.send({ terminal: session.id, text: `: ${canaries.typed}` });

    // The doors.
    const connect = `require('node:net').connect(process.argv[1]).on('error', (e) => { console.log(e.code); }).on('connect', () => { console.log('in'); process.exit(); })`;
    for (const socket of [home.socketPath, home.tmuxSocketPath]) {
      expect([socket, asNobody(process.execPath, ['-e', connect, socket]).stdout.trim()]).toEqual([socket, 'EACCES']);
    }
    expect(
      asNobody('env', [`COPPICE_SOCKET=${home.socketPath}`, 'COPPICE_NO_AUTOSTART=1', process.execPath, cliProgram, 'ps']).exitCode,
    ).toBe(3);
    expect(asNobody('tmux', ['-N', '-S', home.tmuxSocketPath, 'list-sessions']).exitCode).not.toBe(0);
    // The files: whatever is readable below the home is what this test put there for its steps.
    const readable = asNobody('find', [home.dir, '-type', 'f', '-readable', '-print'])
      .stdout.split('\n')
      .filter((path) => path !== '');
    const ours = [home.stateDir, home.runDir, home.worktreesDir];
    expect(readable.filter((path) => ours.some((folder) => path.startsWith(`${folder}/`)))).toEqual([]);
    for (const name of readdirSync(home.stateDir)) {
      expect([name, asNobody('head', ['-c1', join(home.stateDir, name)]).exitCode]).toEqual([name, 1]);
    }
    // The processes, those of the fake agent among them.
    const pids = home.processes();
    expect(pids.map(({ command }) => command).join('\n')).toContain(fakeAgent);
    expect(
      asNobody(
        'cat',
        pids.map(({ pid }) => `/proc/${pid}/environ`),
      ).stdout,
    ).toBe('');

    signals.open('gate');
    signals.open('agent');
    expect(await daemon.ended(session.id)).toMatchObject({ status: 'succeeded' });
    await setup.reached(task.id, 'implementation_review');
    await daemon.restart();
    const { seen, looks } = await onlooker.end();
    expect(seen).toEqual([]);
    expect(looks).toBeGreaterThan(50);
  },
);

test.skipIf(isMissing)('what an onlooker would see in a command line is seen by this test', async () => {
  const onlooker = nobodyLooks(['canary-of-the-test']);
  const careless = spawn('sh', ['-c', 'read _', 'canary-of-the-test'], { stdio: ['pipe', 'ignore', 'inherit'] });
  expect((await onlooker.end()).seen.join()).toContain('canary-of-the-test');
  careless.kill();
});
