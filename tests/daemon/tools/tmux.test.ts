import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../daemon/tools/proc.ts';
import type { StepPids } from '../../../daemon/tools/step-files.ts';
import { baseEnv, createTmuxPlace, tmuxMissing, until } from './tools-fixture.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}\r\n`).join('');

describe.skipIf(tmuxMissing())('terminals on the private server', () => {
  test('a step runs on a tty with its exact environment, logged from the first byte to the last', async () => {
    await using place = createTmuxPlace();
    const request = await place.shell('one', 'test -t 1 && echo tty; env; printf end; exit 7', { ODD: "a b'c" });
    const made = await place.tmux.newSession({ ...request, name: 'one', windowName: "nice #{pane_id} #[fg=red] 'x' ü" });
    expect(made).toEqual({
      tmuxId: expect.stringMatching(/^\$\d+$/),
      windowId: expect.stringMatching(/^@/),
      paneId: expect.stringMatching(/^%/),
    });
    await place.watch.wait('one');
    expect(await place.files.readExit('one')).toEqual({ kind: 'exit', code: 7 });
    expect(await place.logged('one')).toBe(true);
    const lines = readFileSync(request.logPath, 'utf8').split('\r\n');
    expect(lines[0]).toBe('tty');
    expect(lines.at(-1)).toBe('end');
    const names = lines.slice(1, -1).map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['HOME', 'ODD', 'PATH', 'PWD', 'TERM', 'TMUX', 'TMUX_PANE']);
    expect(lines).toContain("ODD=a b'c");
    expect(statSync(request.logPath).mode & 0o777).toBe(0o600);
    const pane = await until('the pane to be dead', async () => (await place.tmux.listPanes('one')).find(({ dead }) => dead));
    expect(pane).toMatchObject({
      ...made,
      windowName: "nice #{pane_id} #[fg=red] 'x' ü",
      dead: true,
      columns: 200,
      rows: 50,
      active: true,
    });
    const screen = await place.tmux.capture({ paneId: made.paneId });
    expect(screen).toMatch(/^tty\n/);
    expect(screen).toMatch(/\nend\n$/);
  });

  test('60 fast terminals lose no first byte, no last byte and no exit', async () => {
    await using place = createTmuxPlace();
    const made = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const request = await place.shell(`fast${i}`, `seq 1 500; printf last; exit ${i}`);
        if (i % 2 === 0) return { ...request, ...(await place.tmux.newSession({ ...request, name: `fast${i}` })) };
        await place.tmux.newSession({ ...(await place.shell(`home${i}`, 'sleep 60')), name: `fast${i}` });
        return { ...request, ...(await place.tmux.newWindow({ ...request, sessionName: `fast${i}` })) };
      }),
    );
    const results = await Promise.all(
      made.map(async ({ logPath }, i) => {
        await place.watch.wait(`fast${i}`);
        const complete = await place.logged(`fast${i}`);
        return { complete, exit: await place.files.readExit(`fast${i}`), log: readFileSync(logPath, 'utf8') };
      }),
    );
    const expected = made.map((_, i) => ({ complete: true, exit: { kind: 'exit', code: i }, log: `${numbers(500)}last` }));
    expect(results).toEqual(expected);
  });

  test('a flood of output is all in the log when it is closed', async () => {
    await using place = createTmuxPlace();
    const request = await place.shell('flood', 'seq 1 400000');
    await place.tmux.newSession({ ...request, name: 'flood' });
    await place.watch.wait('flood');
    expect(await place.logged('flood')).toBe(true);
    expect(readFileSync(request.logPath, 'utf8') === numbers(400_000)).toBe(true);
  });

  test('a background grandchild that holds the terminal does not hold up the end of the log', async () => {
    await using place = createTmuxPlace();
    const request = await place.shell('bg', 'trap "" HUP; sleep 30 & echo $!; exit 4');
    await place.tmux.newSession({ ...request, name: 'bg' });
    await place.watch.wait('bg');
    expect(await place.logged('bg')).toBe(true);
    const grandchild = Number.parseInt(readFileSync(request.logPath, 'utf8'), 10);
    expect(await isAlive(grandchild)).toBe(true);
    process.kill(grandchild, 'SIGKILL');
  });

  test('Ctrl-C and a killed window hit the step, and the wrapper still writes how it ended', async () => {
    await using place = createTmuxPlace();
    const interrupted = await place.tmux.newSession({ ...(await place.shell('int', 'exec sleep 60')), name: 'int' });
    await place.watch.waitStarted('int');
    const { childPid } = (await place.files.readPids('int')) as StepPids;
    // A shell keeps a Ctrl-C for later while it begins a program.
    await until('the step to run', () => readFileSync(`/proc/${childPid}/comm`, 'utf8') === 'sleep\n');
    expect((await place.tmux.listPanes('int'))[0]?.command).toBe('sh');
    await place.control.command('send-keys', '-t', interrupted.paneId, 'C-z');
    await place.control.command('send-keys', '-t', interrupted.paneId, 'C-c');
    await place.watch.wait('int');
    expect(await place.files.readExit('int')).toEqual({ kind: 'signal', signal: 'SIGINT' });
    const killed = await place.tmux.newWindow({ ...(await place.shell('hup', 'exec sleep 60')), sessionName: 'int' });
    await place.watch.waitStarted('hup');
    await place.tmux.killWindow(killed.windowId);
    await place.tmux.killWindow(killed.windowId);
    await place.watch.wait('hup');
    expect(await place.files.readExit('hup')).toEqual({ kind: 'signal', signal: 'SIGHUP' });
  });

  test('a session whose name begins with that of another is never touched', async () => {
    await using place = createTmuxPlace();
    const longer = await place.tmux.newSession({ ...(await place.shell('longer', 'exec sleep 60')), name: 'work-2' });
    const shorter = await place.tmux.newSession({ ...(await place.shell('shorter', 'echo mine')), name: 'work' });
    await place.watch.wait('shorter');
    await place.logged('shorter');
    expect(readFileSync(place.path('shorter.log'), 'utf8')).toBe('mine\r\n');
    await place.tmux.killSession(shorter.tmuxId);
    await place.tmux.killSession(shorter.tmuxId);
    await expect(place.tmux.newWindow({ ...(await place.shell('none', 'true')), sessionName: 'work' })).rejects.toMatchObject({
      kind: 'NOT_FOUND',
    });
    expect(await place.tmux.listSessions()).toEqual([{ tmuxId: longer.tmuxId, name: 'work-2', attachedClients: 0 }]);
    expect(await place.tmux.sessionIdOf('work-2')).toBe(longer.tmuxId);
    expect(await place.tmux.sessionIdOf('work')).toBeUndefined();
    expect(await place.tmux.listPanes('work-2')).toHaveLength(1);
    await expect(place.tmux.newSession({ ...(await place.shell('again', 'true')), name: 'work-2' })).rejects.toMatchObject({
      kind: 'ALREADY_EXISTS',
    });
  });

  test('a server that was started anew gives ids out again, and what is meant for a terminal of the old one touches no other', async () => {
    await using place = createTmuxPlace();
    const old = await place.tmux.newSession({ ...(await place.shell('old', 'exec sleep 60')), name: 'old' });
    const [pid] = await place.control.command('display-message', '-p', '#{pid}');
    process.kill(Number(pid), 'SIGKILL');
    await until('the server to be gone', async () => !(await isAlive(Number(pid))));
    const other = await place.tmux.newSession({ ...(await place.shell('other', 'exec sleep 60')), name: 'other' });
    expect({ ...other }).toEqual({ ...old });

    const window = { ...(await place.shell('late', 'true')), sessionName: 'old' };
    await expect(place.tmux.newWindow(window)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    await expect(place.tmux.listPanes('old')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    await expect(place.tmux.attachedClients('old')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    expect(await place.tmux.listPanes()).toMatchObject([{ windowName: 'other', paneId: other.paneId }]);
  });

  test('text is typed as it is, of one line or many, also out of copy mode', async () => {
    await using place = createTmuxPlace();
    const texts = [
      `it's "quoted"; $(touch x) \`y\` #{pane_id} %1 ~ \\n \\ {a}`,
      'ünï \u{1F600} ;',
      '-x --',
      ';',
      "a\nb 'c'\n\nd;",
      `${'long '.repeat(300)}\nend`,
    ];
    const expected = `${texts.join('\n')}\n`;
    const script = `stty raw -echo; echo ready; head -c ${Buffer.byteLength(expected)} | tr '\\r' '\\n' >got`;
    const { paneId } = await place.tmux.newSession({ ...(await place.shell('cat', script)), name: 'cat' });
    await until('the reader', async () => (await place.tmux.capture({ paneId })).startsWith('ready'));
    await place.control.command('copy-mode', '-t', paneId);
    for (const text of texts) await place.tmux.sendText({ paneId, text, enter: true });
    await place.watch.wait('cat');
    expect(readFileSync(place.path('got'), 'utf8')).toBe(expected);
    await until('the pane to be dead', async () => (await place.tmux.listPanes('cat'))[0]?.dead);
    await expect(place.tmux.sendText({ paneId, text: 'x', enter: true })).rejects.toMatchObject({ kind: 'PRECONDITION' });
    await expect(place.tmux.sendText({ paneId, text: 'a\0', enter: true })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  });

  test('text of many lines is pasted in brackets where the program asked for that', async () => {
    await using place = createTmuxPlace();
    const script = `stty raw -echo; printf '\\033[?2004hready'; head -c 15 >got`;
    const { paneId } = await place.tmux.newSession({ ...(await place.shell('paste', script)), name: 'paste' });
    await until('the reader', async () => (await place.tmux.capture({ paneId })).startsWith('ready'));
    await place.tmux.sendText({ paneId, text: 'a\nb', enter: false });
    await place.watch.wait('paste');
    expect(readFileSync(place.path('got'), 'utf8')).toBe('\u001b[200~a\rb\u001b[201~');
  });

  test('a text that ends the brackets itself is pasted without what would do so, and without other control characters', async () => {
    await using place = createTmuxPlace();
    const script = `stty raw -echo; printf '\\033[?2004hready'; head -c 32 >got`;
    const { paneId } = await place.tmux.newSession({ ...(await place.shell('paste', script)), name: 'paste' });
    await until('the reader', async () => (await place.tmux.capture({ paneId })).startsWith('ready'));
    const hostile = 'a\nb\u001b[201~\r\u0003\u009b201~\t!rm ü';
    await place.tmux.sendText({ paneId, text: hostile, enter: false });
    await place.watch.wait('paste');
    expect(readFileSync(place.path('got'), 'utf8')).toBe('\u001b[200~a\rb[201~\r201~\t!rm ü\u001b[201~');
  });

  test('attaching names the session by id and minds the tmux the caller sits in', async () => {
    await using place = createTmuxPlace();
    const socket = place.controlOptions.socketPath;
    expect(place.tmux.attachArgv('$3')).toEqual(['tmux', '-N', '-S', socket, 'attach-session', '-t', '$3']);
    expect(place.tmux.attachArgv('$3', `${socket},12,4`)).toEqual(['tmux', '-N', '-S', socket, 'switch-client', '-t', '$3']);
    expect(place.tmux.attachArgv('$3', '/tmp/tmux-0/default,12,4').slice(0, 4)).toEqual(['env', '-u', 'TMUX', 'tmux']);
    const { tmuxId } = await place.tmux.newSession({ ...(await place.shell('seen', 'exec sleep 60')), name: 'seen' });
    expect(await place.tmux.attachedClients('seen')).toBe(0);
    const argv = place.tmux.attachArgv(tmuxId, '/tmp/tmux-0/default,12,4');
    const user = spawn('script', ['-qc', argv.map((word) => `'${word}'`).join(' '), '/dev/null'], {
      env: { ...baseEnv, TERM: 'xterm', TMUX: '/tmp/tmux-0/default,12,4' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await until('the user to be attached', async () => (await place.tmux.attachedClients('seen')) === 1);
    expect((await place.tmux.listSessions())[0]?.attachedClients).toBe(1);
    user.kill('SIGKILL');
    await until('the user to be gone', async () => (await place.tmux.attachedClients('seen')) === 0);
  });
});
