import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../daemon/tools/proc.ts';
import type { ProcessTool } from '../../../daemon/tools/process.ts';
import { createTmux } from '../../../daemon/tools/tmux.ts';
import { createTmuxControl, type TmuxControl } from '../../../daemon/tools/tmux-control.ts';
import { tmuxQuote } from '../../../daemon/tools/tmux-quote.ts';
import { createReplyReader, type TmuxReply } from '../../../daemon/tools/tmux-replies.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { baseEnv, createTmuxPlace, tmuxMissing, until } from './tools-fixture.ts';

describe.skipIf(tmuxMissing())('the control client', () => {
  test('after its death the next command works and the terminals live on', async () => {
    await using place = createTmuxPlace();
    let clientEnded: Promise<unknown> | undefined;
    const converse: ProcessTool['converse'] = (...started) => {
      const conversation = place.tool.converse(...started);
      clientEnded = conversation.ended;
      return conversation;
    };
    const first = createTmuxControl({ ...place.controlOptions, process: { converse } });
    let serverExits = 0;
    first.onServerExit(() => serverExits++);
    const { tmuxId } = await place.tmux.newSession({ ...(await place.shell('keep', 'exec sleep 60')), name: 'keep' });
    const [pid] = await first.command('display-message', '-p', '#{client_pid}');
    process.kill(Number(pid), 'SIGKILL');
    await clientEnded;
    expect(await first.command('list-panes', '-s', '-t', tmuxId, '-F', '#{pane_dead} #{pane_current_command}')).toEqual(['0 sh']);
    await first.close();
    const second = createTmuxControl(place.controlOptions);
    expect(await second.command('list-sessions', '-F', '#{session_name}')).toContain('keep');
    await second.close();
    expect(serverExits).toBe(0);
  });

  test('the death of the server is told once, and the next command starts another', async () => {
    await using place = createTmuxPlace();
    let serverExits = 0;
    place.control.onServerExit(() => serverExits++);
    await place.tmux.newSession({ ...(await place.shell('lost', 'exec sleep 60')), name: 'lost' });
    await place.watch.waitStarted('lost');
    await place.control.command('kill-server').catch(() => {});
    await until('the news', () => serverExits === 1);
    expect(await place.tmux.listSessions()).toEqual([]);
    const [pid] = await place.control.command('display-message', '-p', '#{pid}');
    process.kill(Number(pid), 'SIGKILL');
    await until('the news', () => serverExits === 2);
    expect(await place.tmux.listSessions()).toEqual([]);
    expect(await place.watch.wait('lost')).toBeUndefined();
    expect(await place.files.readExit('lost')).toEqual({ kind: 'signal', signal: 'SIGHUP' });
  });

  test('what asks a server that just died is asked of the next one, once, and by id of none', async () => {
    await using place = createTmuxPlace();
    const kill = async (): Promise<void> => {
      const [pid] = await place.control.command('display-message', '-p', '#{pid}');
      process.kill(Number(pid), 'SIGKILL');
    };
    const { tmuxId } = await place.tmux.newSession({ ...(await place.shell('one', 'exec sleep 60')), name: 'one' });
    await kill();
    // The client has not heard of it yet.
    expect(await place.tmux.listSessions()).toEqual([]);
    await kill();
    expect(await place.tmux.listPanes()).toEqual([]);
    await kill();
    const again = await place.tmux.newSession({ ...(await place.shell('two', 'exec sleep 60')), name: 'two' });
    expect((await place.tmux.listSessions()).map(({ name }) => name)).toEqual(['two']);
    expect(again.tmuxId).toMatch(/^\$\d+$/);
    await kill();
    // Neither the id nor the name is anything there.
    await expect(place.tmux.killSession(tmuxId).then(() => place.tmux.attachedClients('one'))).rejects.toMatchObject({
      kind: expect.stringMatching(/^(UNAVAILABLE|NOT_FOUND)$/),
    });
  });

  test('a command that was cut off tells whether it may have been done: the server lives, or took it along', async () => {
    await using place = createTmuxPlace();
    const cutOff = async (what: '#{client_pid}' | '#{pid}'): Promise<unknown> => {
      // The server may answer before it hears of the end: then nothing was cut off, and it is tried again.
      for (let left = 50; left > 0; left -= 1) {
        const asked = await place.control.command('display-message', '-p', what).catch(() => undefined);
        // The one before was answered, and this one cut off instead.
        if (asked === undefined) continue;
        const waiting = place.control.command('display-message', '-p', 'x').catch((error: unknown) => error);
        process.kill(Number(asked[0]), 'SIGKILL');
        const end = await waiting;
        if (!Array.isArray(end)) return end;
      }
      return 'answered each time';
    };
    expect(await cutOff('#{client_pid}')).toMatchObject({ kind: 'UNAVAILABLE', retryable: false, details: { reason: 'no_client' } });
    expect(await cutOff('#{pid}')).toMatchObject({ kind: 'UNAVAILABLE', retryable: true, details: { reason: 'no_server' } });
  });

  test('server and terminals outlive the kill -9 of the daemon', async () => {
    await using place = createTmuxPlace();
    const { socketPath, confPath } = place.controlOptions;
    const args = ['-C', '-S', socketPath, '-f', confPath, 'new-session', '-A', '-s', 'coppice-hub', '--', 'true'];
    const script = `const c=require('child_process').spawn('tmux',${JSON.stringify(args)},{stdio:['pipe','pipe','ignore']});
      c.stdout.once('data',()=>console.log(c.pid));setInterval(()=>{},1000)`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'], env: baseEnv });
    const clientPid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(String(text)))));
    await place.tmux.newSession({ ...(await place.shell('live', 'exec sleep 60')), name: 'live' });
    const gone = new Promise((resolve) => parent.once('exit', resolve));
    parent.kill('SIGKILL');
    await gone;
    // tmux 3.3a now and then keeps a client whose reader died with output unread; what counts is what it serves.
    if (await isAlive(clientPid)) process.kill(clientPid, 'SIGTERM');
    expect((await place.tmux.listPanes('live'))[0]).toMatchObject({ dead: false });
  });

  test('a failing command of several ends the rest, and later ones get their own replies', async () => {
    await using place = createTmuxPlace();
    const print = (text: string) => ['display-message', '-p', text] as const;
    const all = await Promise.allSettled([
      place.control.run([print('a'), ['kill-session', '-t', '$99'], print('never')]),
      place.control.command(...print('b')),
      place.control.command('no-such-command'),
      place.control.run([print('c'), print(''), print('d')]),
    ]);
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.kind))).toEqual([
      'NOT_FOUND',
      ['b'],
      'TOOL_FAILED',
      [['c'], [''], ['d']],
    ]);
  });

  test('a server that must not be started here is not, and a missing tmux is named', async () => {
    await using place = createTmuxPlace();
    const none = createTmuxControl({ ...place.controlOptions, startServer: async () => undefined, sleep: async () => {} });
    await expect(none.command('list-sessions')).rejects.toMatchObject({ kind: 'TOOL_FAILED' });
    const missing = createTmuxControl({ ...place.controlOptions, tmuxPath: place.path('tmux') });
    await expect(missing.command('list-sessions')).rejects.toMatchObject({ kind: 'TOOL_MISSING', details: { tool: 'tmux' } });
    expect(await place.tmux.available()).toMatch(/^\d/);
  });

  test('a window with its log and its name is one round trip to the server', async () => {
    await using place = createTmuxPlace();
    await place.tmux.newSession({ ...(await place.shell('home', 'exec sleep 60')), name: 'home' });
    let trips = 0;
    const run: TmuxControl['run'] = (commands) => {
      trips += 1;
      return place.control.run(commands);
    };
    const tmux = createTmux({
      control: { ...place.control, run },
      process: place.tool,
      again: createTestAgain().again,
    });
    await tmux.newWindow({ ...(await place.shell('window', 'true')), sessionName: 'home' });
    expect(trips).toBe(1);
  });
});

describe('the control protocol', () => {
  test('quotes keep every character and no line break', () => {
    expect(tmuxQuote('a')).toBe("'a'");
    expect(tmuxQuote("it's\n")).toBe(`'it'"'"'s'"\\n"''`);
    expect(() => tmuxQuote('\0')).toThrow('NUL');
  });

  test('replies are read across any cut of the bytes, and a captured screen cannot forge their end', () => {
    const text =
      '%begin 1 2 0\nhook\n%end 1 2 0\n%output %1 x\n%begin 5 6 1\n%end 5 5 1\n%begin 9 9 1\nü€\n%end 5 6 1\n%begin 7 8 1\nno\n%error 7 8 1\n';
    for (let size = 1; size < 40; size++) {
      const replies: TmuxReply[] = [];
      const read = createReplyReader((reply) => replies.push(reply));
      const bytes = Buffer.from(text);
      for (let from = 0; from < bytes.length; from += size) read(bytes.subarray(from, from + size));
      expect(replies).toEqual([
        { failed: false, lines: ['%end 5 5 1', '%begin 9 9 1', 'ü€'] },
        { failed: true, lines: ['no'] },
      ]);
    }
  });
});
