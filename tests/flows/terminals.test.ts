// Terminals as their users see them, through tmux itself.
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const open = commandFile('open', { session: { keep: 'always' }, steps: ['start-session'] });

test('what is typed arrives verbatim, the screen can be read, and a kill ends the shell', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({ home, commands: { open } });
  const session = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  expect(session).toMatchObject({ status: 'succeeded', terminalName: expect.any(String) });
  const text = `printf '%s\\n' 'a "b" $HOME ;  #{x} ü C-c Enter' > ${signals.path('typed')}`;

  expect(await daemon.client.terminal.send({ terminal: session.slug, text })).toEqual({ status: 'typed' });
  expect(await signals.lines('typed')).toEqual(['a "b" $HOME ;  #{x} ü C-c Enter']);

  const said = await daemon.cli(['send', session.id, 'echo one; echo tw""o']);
  expect(said.exitCode).toBe(0);
  const captured = await until('the screen', async () => {
    const { text: screen } = await daemon.client.terminal.capture({ terminal: session.id });
    return /^two$/m.test(screen) && screen;
  });
  expect(captured).toMatch(/^one$/m);

  const { windows } = await daemon.client.terminal.get({ terminal: session.id });
  const pid = windows[0]?.pid as number;
  expect(isAlive(pid)).toBe(true);
  await daemon.client.terminal.kill({ terminal: session.id });
  await until('the shell to end', () => !isAlive(pid));
  expect(await daemon.tmux('list-sessions', '-F', '#{session_name}')).not.toContain(session.terminalName as string);
  expect((await daemon.client.terminal.list({ all: true })).terminals).toMatchObject([{ status: 'ended', reason: 'killed' }]);
  await expect(daemon.client.terminal.send({ terminal: session.id, text: 'x' })).rejects.toMatchObject({ kind: 'PRECONDITION' });
});

test.each(['tmux', 'process'])('what a step run in %s leaves in the background ends with the terminal', async (where) => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const leave = `setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! > ${signals.path('left')}`;
  const steps = [shell('true'), shell(leave, { run_in: where }), shell('true')];
  await using daemon = await startRealDaemon({ home, commands: { leave: commandFile('leave', { session: {}, steps }) } });

  const session = await daemon.ended((await daemon.start(repo.path, 'leave')).id);

  expect(session).toMatchObject({ status: 'succeeded' });
  const [pid] = await signals.lines('left');
  expect(isAlive(Number(pid))).toBe(false);
});

test('what a step left in the background before the daemon was killed ends with the terminal too', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const leave = `setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! > ${signals.path('left')}`;
  const steps = [shell(leave), shell(`${signals.tell('waits')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { leave: commandFile('leave', { session: {}, steps }) } });
  const session = await daemon.start(repo.path, 'leave');
  await signals.lines('waits');

  await daemon.kill('SIGKILL');
  await daemon.again();
  signals.open('gate');

  expect(await daemon.ended(session.id)).toMatchObject({ status: 'succeeded' });
  const [pid] = await signals.lines('left');
  expect(isAlive(Number(pid))).toBe(false);
});

test('several lines go in as one paste, and copy mode is left first', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({ home, commands: { open } });
  const session = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  await daemon.tmux('copy-mode', '-t', `=${session.terminalName}:`);

  await daemon.client.session.send({ id: session.id, text: `cat > ${signals.path('paste')} <<'X'\nline one\n\tline two\nX` });

  expect(await signals.lines('paste')).toEqual(['line one', expect.stringMatching(/line two$/)]);
});

test('the argv of attach attaches, the daemon counts it, and an attached terminal stays when its session ends', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { work: commandFile('work', { session: {}, steps }) } });
  const session = await daemon.start(repo.path, 'work');
  await signals.lines('ran');

  const { argv } = await daemon.client.session.attach({ id: session.id });
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const viewer = spawn('script', ['-qec', quoted, '/dev/null'], { env: home.env({ TERM: 'xterm' }), stdio: ['pipe', 'pipe', 'ignore'] });
  const left = new Promise((resolve) => viewer.once('exit', resolve));
  viewer.stdout.resume();
  const attached = async (): Promise<number> => (await daemon.client.terminal.get({ terminal: session.id })).attachedClients;
  await until('somebody to be attached', async () => (await attached()) === 1);
  signals.open('gate');
  const ended = await daemon.ended(session.id);

  expect(ended.stepRuns.find(({ name }) => name === 'release terminal')).toMatchObject({ reason: 'kept: attached' });
  expect(await attached()).toBe(1);
  await daemon.tmux('detach-client', '-s', `=${session.slug}`);
  await left;
  await until('nobody to be attached', async () => (await attached()) === 0);
});

test('a step in a terminal has a tty of the right size and its own pane', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const facts = `test -t 0 && test -t 1 && test -t 2 && ${signals.tell('facts', '$TMUX_PANE $(stty size) $TERM')}`;
  await using daemon = await startRealDaemon({
    home,
    commands: { look: commandFile('look', { session: {}, steps: [shell(facts), shell(`${facts}; ${signals.waitFor('gate')}`)] }) },
  });
  const session = await daemon.start(repo.path, 'look');
  const lines = await until('two facts', async () => {
    const told = await signals.lines('facts');
    return told.length === 2 && told;
  });

  const panes = await daemon.tmux('list-panes', '-s', '-t', `=${session.slug}`, '-F', '#{pane_id}');
  expect(panes.split('\n')).toContain(lines[1]?.split(' ')[0]);
  for (const line of lines) expect(line).toMatch(/^%\d+ (49|50) 200 screen-256color$/);
  signals.open('gate');
  expect((await daemon.ended(session.id)).status).toBe('succeeded');
});

test('two daemons do not see each other', async () => {
  await using repo = await createTestRepo();
  await using one = await startRealDaemon({ commands: { open } });
  await using two = await startRealDaemon({ commands: { open } });
  const first = await one.ended((await one.start(repo.path, 'open')).id);
  const second = await two.ended((await two.start(repo.path, 'open')).id);

  expect(await one.tmux('list-sessions', '-F', '#{session_name}')).not.toContain(second.terminalName as string);
  expect((await two.client.terminal.list({ all: true })).terminals.map(({ name }) => name)).toEqual([second.terminalName]);
  await two.tmux('kill-server');
  await until('the terminal of two to be lost', async () => (await two.client.terminal.list({})).terminals.length === 0);
  expect((await one.client.terminal.get({ terminal: first.id })).status).toBe('live');
  expect((await one.client.daemon.status()).daemon.pid).toBe(one.pid);
});

test('terminals survive a restart of the daemon and can be used after it', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({ home, commands: { open } });
  const session = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  const pid = (await daemon.client.terminal.get({ terminal: session.id })).windows[0]?.pid as number;

  await daemon.restart();
  await daemon.kill();
  await daemon.again();

  expect((await daemon.client.terminal.get({ terminal: session.id })).windows[0]?.pid).toBe(pid);
  await daemon.client.terminal.send({ terminal: session.id, text: signals.tell('after') });
  expect(await signals.lines('after')).toEqual(['after']);
  await daemon.client.terminal.send({ terminal: session.id, text: 'exit' });
  await until('the terminal to end', async () => (await daemon.client.terminal.list({})).terminals.length === 0);
  expect((await daemon.client.terminal.list({ all: true })).terminals).toMatchObject([{ status: 'ended', reason: 'shell_exited' }]);
});

test('attach without a name tells which terminals live when it cannot ask', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('on')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { hold: commandFile('hold', { session: {}, steps }) } });
  expect(await daemon.cli(['attach'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no live terminal') });
  const session = await daemon.start(repo.path, 'hold');
  await signals.lines('on');
  expect(await daemon.cli(['attach'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(session.slug) });
  signals.open('gate');
  await daemon.ended(session.id);
});
