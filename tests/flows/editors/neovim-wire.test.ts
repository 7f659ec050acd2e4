// A Neovim whose daemon misbehaves: what a real one rarely says is said by a server of the test, line by line.
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { startNeovim } from '../../helpers/neovim.ts';
import { createHome, type Home } from '../../helpers/real-daemon.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('nvim', ['--version']);

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const empty: Record<string, unknown> = {
  'project.list': { projects: [] },
  'specTask.list': { specTasks: [] },
  'session.list': { sessions: [] },
  'attention.list': { attention: [] },
  'daemon.hello': {
    protocolVersion: 1,
    daemon: { version: '9.9.9', pid: 7, bootId: 'b', startedAt: '' },
    capabilities: {},
    scopes: [],
    cursor: 'a:5',
  },
};

/** Answers as `answers` say, else that there is nothing; keeps all calls. */
async function startServer(home: Home, answers: Readonly<Record<string, (call: Call, socket: Socket) => unknown>>) {
  const calls: Call[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    createInterface({ input: socket })
      .on('error', () => undefined)
      .on('line', (line) => {
        const call = JSON.parse(line) as Call;
        calls.push(call);
        const own = answers[call.method];
        const answer = own === undefined ? { result: empty[call.method] ?? {} } : own(call, socket);
        if (answer !== undefined) socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: call.id, ...(answer as object) })}\n`);
      });
  });
  const path = home.path('fake.sock');
  await new Promise<void>((listening) => server.listen(path, listening));
  return {
    path,
    calls,
    of: (method: string) => calls.filter((call) => call.method === method),
    say: (text: string) => {
      for (const socket of sockets) socket.write(text);
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const subscribed = (cursor: string, more: object = {}) => ({ result: { subscriptionId: 'sub_1', cursor, fresh: false, ...more } });
const notification = (method: string, params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', method, params: { subscriptionId: 'sub_1', ...params } })}\n`;
const event = (seq: number, type = 'daemon.started') => ({ seq, at: '', type, subject: {}, actor: 'daemon', data: { name: `n${seq}` } });

test.skipIf(missing)('a cursor is resumed from, what came before is not given twice, and a gap is told and read over', async () => {
  await using home = createHome();
  await using server = await startServer(home, {
    'event.subscribe': ({ params }) => subscribed((params.after as string | undefined) ?? 'a:5', { snapshot: { sessions: [] } }),
  });
  await using editor = await startNeovim(home, { cwd: home.dir, env: { COPPICE_SOCKET: server.path, COPPICE_TOKEN: 'secret' } });
  await editor.lua("require('coppice').on(function(event) table.insert(driver.events, event.seq or event.type) end)");
  const seen = () => editor.lua<(number | string)[]>('return driver.events').then(Array.from<number | string>);
  await until('the subscription', () => server.of('event.subscribe').length === 1);
  expect(server.of('daemon.hello')[0]?.params).toMatchObject({ token: 'secret', client: { name: 'neovim' }, protocolVersion: { min: 1 } });
  expect(server.of('event.subscribe')[0]?.params).toMatchObject({ initial: true });
  expect(server.of('event.subscribe')[0]?.params).not.toHaveProperty('after');

  // In pieces, two in a chunk, with a text that is half a character, and one that names no subscription of ours.
  const text = notification('event', { cursor: 'a:7', events: [event(6), event(7)] });
  server.say(text.slice(0, 50));
  server.say(
    `${text.slice(50)}${notification('event', { cursor: 'a:8', events: [{ ...event(8), data: { name: '\ud800 \\ud800 \ud83d\ude00' } }] })}`,
  );
  server.say(notification('event', { subscriptionId: 'sub_9', cursor: 'a:99', events: [event(99)] }));
  await until('three events', async () => (await seen()).length === 3);

  server.drop();
  await until('another subscription', () => server.of('event.subscribe').length === 2);
  expect(server.of('event.subscribe')[1]?.params).toMatchObject({ after: 'a:8' });
  server.say(
    notification('event', {
      cursor: 'a:9',
      events: [event(8), event(9), { ...event(0, 'config.fileChanged'), seq: undefined, data: { path: '/x' } }],
    }),
  );
  server.say(notification('event.gap', { from: 10, to: 20, reason: 'pruned' }));
  await editor.message(/The events 10 to 20 are gone from the log \(pruned\); everything was read anew/);
  server.say(notification('event', { cursor: 'a:21', events: [event(20), event(21)] }));
  await until('the last event', async () => (await seen()).includes(21));
  expect(await seen()).toEqual([6, 7, 8, 9, 'config.fileChanged', 21]);

  server.drop();
  await until('a third subscription', () => server.of('event.subscribe').length === 3);
  expect(server.of('event.subscribe')[2]?.params).toMatchObject({ after: 'a:21' });
  const last = (method: string): number => server.calls.findLastIndex((call) => call.method === method);
  await until('everything to be read anew', () => last('attention.list') > last('event.subscribe'));
});

test.skipIf(missing)('who refuses us or does not speak the protocol is told once and left alone until somebody asks', async () => {
  await using home = createHome();
  const refusal = {
    error: {
      code: 4260,
      message: 'This daemon speaks protocol 2 to 3.',
      data: { kind: 'INCOMPATIBLE', retryable: false, details: { upgrade: 'Upgrade the client.' } },
    },
  };
  let garbage = false;
  await using server = await startServer(home, {
    'daemon.hello': (_, socket) => {
      if (!garbage) return refusal;
      socket.write('HTTP/1.1 400 Bad Request\r\n');
      return undefined;
    },
  });
  await using editor = await startNeovim(home, { cwd: home.dir, env: { COPPICE_SOCKET: server.path } });
  await editor.command('Coppice');
  await editor.message(/refuses this client: This daemon speaks protocol 2 to 3\. Upgrade the client\.$/);
  await editor.line('list', /protocol 2 to 3/);
  garbage = true;
  await editor.command('Coppice run build');
  await editor.message(/What answers on the socket does not speak JSON-RPC/);
  // Two attempts, each because somebody asked.
  expect(server.of('daemon.hello')).toHaveLength(2);
  expect(await editor.lua("return (require('coppice.app').get().connection.state())")).toBe('faulty');
});

test.skipIf(missing)(
  'calls on the way when the connection breaks fail in a sentence, bytes that are not UTF-8 are never sent',
  async () => {
    await using home = createHome();
    await using server = await startServer(home, { 'event.subscribe': () => subscribed('a:5'), 'session.cancel': () => undefined });
    await using editor = await startNeovim(home, { cwd: home.dir, env: { COPPICE_SOCKET: server.path } });
    await editor.command('Coppice cancel build-1');
    await until('the call', () => server.of('session.cancel').length === 1);
    server.drop();
    await editor.message(/The connection to the daemon was lost before it answered; the list shows whether it was done/);
    await editor.lua("require('coppice').call('project.get', { project = '\\255' }, function(error) driver.error = error end)");
    await until('its error', async () => /not UTF-8/.test(await editor.lua('return driver.error.message')));
    expect(server.of('project.get')).toEqual([]);
    const valid = ['', 'a', 'é', '€', '😀', '\u{10ffff}', '퟿', '﷐'];
    const invalid = ['80', 'c080', 'c3', 'e28082ff', 'eda080', 'f4908080', 'f8888080', 'e282', 'e0809f'];
    const check = (hex: string) =>
      editor.lua<boolean>(
        "return require('coppice.json').is_utf8((given:gsub('..', function(x) return string.char(tonumber(x, 16)) end)))",
        hex,
      );
    for (const text of valid) expect(await check(Buffer.from(text).toString('hex')), text).toBe(true);
    for (const hex of invalid) expect(await check(hex), hex).toBe(false);
  },
);

test.skipIf(missing)('a daemon that never answers keeps nobody from editing', async () => {
  await using home = createHome();
  await using server = await startServer(home, { 'daemon.hello': () => undefined });
  await using editor = await startNeovim(home, { cwd: home.dir, env: { COPPICE_SOCKET: server.path } });
  for (const command of ['Coppice', 'Coppice run build', 'Coppice follow x', 'Coppice plan 1', 'Coppice permission', 'Coppice attach x']) {
    await editor.command(command);
  }
  await editor.lua("vim.fn.getcompletion('Coppice run b', 'cmdline')");
  await until('the hello', () => server.of('daemon.hello').length === 1);
  expect(await editor.lua('return vim.api.nvim_get_mode()')).toEqual({ mode: 'n', blocking: false });
  expect(await editor.lines('list')).toContain('coppice: connecting …');
  expect(await editor.quit()).toBe(0);
});

test.skipIf(missing)('what nobody asked for never waits for a key, however long it is', async () => {
  await using home = createHome();
  await using server = await startServer(home, { 'event.subscribe': () => subscribed('a:5', { snapshot: { sessions: [] } }) });
  await using editor = await startNeovim(home, { cwd: home.dir, env: { COPPICE_SOCKET: server.path } });
  await editor.lua('vim.notify, vim.o.columns = driver.notify, 60');
  await editor.command('Coppice');
  await until('the subscription', () => server.of('event.subscribe').length === 1);
  const data = { path: `/${'long/'.repeat(40)}` };
  server.say(notification('event', { cursor: 'a:5', events: [{ ...event(0, 'config.fileChanged'), seq: undefined, data }] }));
  const said = await until('a message', async () => {
    const output = await editor.lua<string>("return vim.fn.execute('messages')");
    return output.split('\n').find((line) => line.includes('configuration file'));
  });
  expect(said).toMatch(/^coppice: The configuration file "\/long\/.*…$/);
  expect([...said].length).toBeLessThan(60);
  expect(await editor.lua('return vim.api.nvim_get_mode().blocking')).toBe(false);
});
