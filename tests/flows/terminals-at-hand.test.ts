// Getting to a terminal: the list to pick from, sessions of the user's own tmux, and names that look alike.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { cliProgram, createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const open = commandFile('open', { session: { keep: 'always' }, steps: ['start-session'] });

/** The CLI on a terminal of its own, which a test types into. */
function onTerminal(home: Home, ...words: readonly string[]) {
  const line = [process.execPath, cliProgram, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: home.env({ TERM: 'xterm', TMUX_TMPDIR: home.dir }), stdio: 'pipe' });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  const left = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    left,
    type: (text: string) => child.stdin.write(text),
    shows: (text: string | RegExp) =>
      until(`the screen to show ${text}`, () => (typeof text === 'string' ? screen.includes(text) : text.test(screen))),
    screen: () => screen,
  };
}

test('attach without an id lists the live terminals, takes a number or a name, and goes there', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { open } });
  const one = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  const two = await daemon.ended((await daemon.start(repo.path, 'open')).id);
  const attached = async (id: string) => (await daemon.client.terminal.get({ terminal: id })).attachedClients;

  for (const [answer, wanted] of [
    ['2', one],
    [two.slug, two],
  ] as const) {
    const viewer = onTerminal(daemon.home, 'attach');
    await viewer.shows('Attach to which?');
    expect(viewer.screen()).toMatch(new RegExp(`1  ${two.slug}.*\\r\\n +2  ${one.slug}`));
    viewer.type(`${answer}\n`);
    await until('somebody to be attached', async () => (await attached(wanted.id)) === 1);
    await daemon.tmux('detach-client', '-s', `=${wanted.slug}`);
    expect(await viewer.left).toBe(0);
  }
  const wrong = onTerminal(daemon.home, 'attach');
  await wrong.shows('Attach to which?');
  wrong.type('9\n');
  expect(await wrong.left).toBe(2);
  expect(wrong.screen()).toContain('"9" is none of them; answer with a number from 1 to 2');
  const none = onTerminal(daemon.home, 'attach');
  await none.shows('Attach to which?');
  none.type('\n');
  expect(await none.left).toBe(0);
});

test('import shows worktrees and tmux sessions that others made, takes both over when asked, and changes neither', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using daemon = await startRealDaemon({ home });
  const env = home.env({ TMUX_TMPDIR: home.dir });
  const userTmux = async (...args: string[]) => (await run('tmux', ['-f', '/dev/null', ...args], { env })).stdout.trimEnd();
  await repo.git('worktree', 'add', '--quiet', '-b', 'foreign', repo.beside('foreign'));
  await userTmux('new-session', '-d', '-s', 'mine', '-c', repo.path, '-x', '111', '-y', '33', 'sh');
  try {
    const importing = (...more: string[]) => daemon.cli(['import', ...more], { cwd: repo.path, env: { TMUX_TMPDIR: home.dir } });

    const listed = await importing();
    expect(listed).toMatchObject({ exitCode: 0, stdout: `worktree\tforeign\t${repo.beside('foreign')}\ntmux\tmine\t${repo.path}\n` });
    expect((await daemon.client.terminal.list({})).terminals).toEqual([]);
    const taken = JSON.parse((await importing('--adopt', '--json')).stdout);
    expect(taken).toMatchObject({ adopted: [expect.stringMatching(/^wt_/), expect.stringMatching(/^trm_/)], refused: [] });

    expect((await daemon.client.terminal.list({})).terminals).toMatchObject([{ name: 'tmux-mine', cwd: repo.path, status: 'live' }]);
    await until('it to be attached', async () => (await userTmux('list-clients', '-t', '=mine')) !== '');
    await daemon.client.terminal.send({ terminal: 'tmux-mine', text: 'echo seen-$((40 + 2))' });
    await until('the screen', async () => (await daemon.client.terminal.capture({ terminal: 'tmux-mine' })).text.includes('seen-42'));

    const again = JSON.parse((await importing('--adopt', '--json')).stdout);
    expect(again).toMatchObject({ adopted: [], refused: [], worktrees: [] });
    await daemon.kill();
    await daemon.again();
    expect((await daemon.client.terminal.get({ terminal: 'tmux-mine' })).status).toBe('live');
    await daemon.client.terminal.kill({ terminal: 'tmux-mine' });
    expect(await userTmux('list-sessions', '-F', '#{session_name} #{session_attached}')).toBe('mine 0');
    expect(JSON.parse((await importing('--adopt', '--json')).stdout).adopted).toHaveLength(1);
    await userTmux('kill-session', '-t', '=mine');
    await until('the terminal to end with it', async () => (await daemon.client.terminal.list({})).terminals.length === 0);
  } finally {
    await userTmux('kill-server').catch(() => undefined);
  }
  const socketPath = home.tmuxSocketPath;
  await expect(daemon.client.terminal.adopt({ socketPath, session: 'x' })).rejects.toMatchObject({ kind: 'PRECONDITION' });
  await expect(daemon.client.terminal.adopt({ socketPath: home.path('none'), session: 'x' })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  await expect(daemon.client.terminal.adopt({ socketPath: 'none', session: 'x' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('tmux sessions whose names begin with ours, on our server and on the user’s, outlive the session', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      work: commandFile('work', { session: {}, steps: [shell(`${signals.tell('tty', '$(tty) $TMUX_PANE')}; ${signals.waitFor('gate')}`)] }),
    },
  });
  const session = await daemon.start(repo.path, 'work');
  const [tty = ''] = await signals.lines('tty');
  expect(tty).toMatch(/^\/dev\/pts\/\d+ %\d+$/);
  const env = home.env({ TMUX_TMPDIR: home.dir });
  const userTmux = async (...args: string[]) => (await run('tmux', ['-f', '/dev/null', ...args], { env })).stdout.trimEnd();
  await daemon.tmux('new-session', '-d', '-s', `${session.slug}-more`, 'sleep 300');
  await userTmux('new-session', '-d', '-s', session.slug, 'sleep 300');
  try {
    const stranger = Number(await daemon.tmux('list-panes', '-t', `=${session.slug}-more`, '-F', '#{pane_pid}'));

    signals.open('gate');
    await daemon.ended(session.id);

    expect((await daemon.client.terminal.list({ all: true })).terminals).toMatchObject([{ name: session.slug, status: 'ended' }]);
    expect(await daemon.tmux('list-sessions', '-F', '#{session_name}')).toBe(`coppice-hub\n${session.slug}-more`);
    expect(isAlive(stranger)).toBe(true);
    expect(await userTmux('list-sessions', '-F', '#{session_name}')).toBe(session.slug);
  } finally {
    await userTmux('kill-server').catch(() => undefined);
  }
});

test('a session that ends its terminal and asks for one again gets another', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { again: commandFile('again', { steps: ['start-session', 'session-kill', 'start-session'] }) },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'again')).id);

  expect(ended).toMatchObject({ status: 'succeeded', terminalName: `${ended.slug}-2`, sharedData: { terminal_name: `${ended.slug}-2` } });
  expect((await daemon.client.terminal.list({ all: true })).terminals.map(({ name, status }) => `${name} ${status}`)).toEqual([
    `${ended.slug}-2 live`,
    `${ended.slug} ended`,
  ]);
});
