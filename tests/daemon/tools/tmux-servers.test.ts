import { spawn } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { shellWord } from '../../../daemon/kernel/shell-word.ts';
import { createTmux } from '../../../daemon/tools/tmux.ts';
import { createTmuxControl } from '../../../daemon/tools/tmux-control.ts';
import { createTmuxServers, isServerSocket, socketPathOf, type TmuxServers } from '../../../daemon/tools/tmux-servers.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { baseEnv, createTmuxPlace, type TmuxPlace, tmuxMissing, until } from './tools-fixture.ts';

/** Two servers of two terminals each; the second takes what is more. */
function createServers() {
  const place = createTmuxPlace();
  const socketOf = (server: number): string => socketPathOf(place.controlOptions.socketPath, server);
  const endOf = (server: number) => place.tool.runTool('tmux', ['-N', '-S', socketOf(server), 'kill-server'], { okExitCodes: [0, 1] });
  const servers = createTmuxServers({
    connect(server) {
      const control = createTmuxControl({ ...place.controlOptions, socketPath: socketOf(server) });
      const tmux = createTmux({ control, process: place.tool, again: createTestAgain().again });
      return { control, tmux };
    },
    end: async (server) => void (await endOf(server)),
    terminalsEach: 2,
    most: 2,
  });
  return {
    ...{ place, servers, socketOf, endOf },
    async [Symbol.asyncDispose]() {
      await servers.close();
      for (const server of [0, 1]) await endOf(server);
      await place[Symbol.asyncDispose]();
    },
  };
}

async function open(place: TmuxPlace, servers: TmuxServers, name: string, server: number, script = 'exec sleep 60') {
  const made = await servers.newSession({ ...(await place.shell(`${name}-${server}`, script)), name, server });
  return { name, ...made };
}

test('a server is full with so many terminals, and the last takes what is more', () => {
  const servers = createTmuxServers({ connect: () => expect.unreachable(), end: () => expect.unreachable(), terminalsEach: 2, most: 3 });
  expect(servers.serverFor([])).toBe(0);
  expect(servers.serverFor(['$1', '$2'])).toBe(1);
  expect(servers.serverFor(['$1', '$2', '$0.1', '$1.1', '$5.2', '$6.2', '$7.2'])).toBe(2);
  // Of the first one has ended.
  expect(servers.serverFor(['$2', '$0.1', '$1.1'])).toBe(0);
});

test('sockets beside the first are told from those of others', async () => {
  await using place = createTmuxPlace();
  const first = place.controlOptions.socketPath;
  expect([0, 1, 31].map((server) => basename(socketPathOf(first, server)))).toEqual(['tmux.sock', 'tmux-1.sock', 'tmux-31.sock']);
  symlinkSync(place.dir, place.path('link'));
  writeFileSync(place.path('tmux-2.sock'), '');
  const own = [first, socketPathOf(first, 7), place.path('link/tmux-2.sock')];
  const others = [place.path('other.sock'), place.path('tmux-0.sock'), place.path('tmux-x.sock'), '/tmp/tmux.sock'];
  for (const path of own) expect(await isServerSocket(first, path), path).toBe(true);
  for (const path of others) expect(await isServerSocket(first, path), path).toBe(false);
});

test.skipIf(tmuxMissing())('a terminal is reached on its own server, whatever has the same name and ids on another', async () => {
  await using own = createServers();
  const { place, servers, socketOf } = own;
  const first = await open(place, servers, 'same', 0);
  const second = await open(place, servers, 'same', 1, 'cat');
  expect([second.tmuxId, second.windowId, second.paneId]).toEqual([`${first.tmuxId}.1`, `${first.windowId}.1`, `${first.paneId}.1`]);
  expect((await servers.find('same', 0)).sort()).toEqual([first.tmuxId, second.tmuxId]);
  expect(await servers.sessionIdOf(second)).toBe(second.tmuxId);
  expect((await servers.listSessions([second.tmuxId])).map(({ tmuxId }) => tmuxId)).toEqual([second.tmuxId]);

  const window = await servers.newWindow({ ...(await place.shell('more', 'exec sleep 60')), terminal: second });
  expect(window.windowId).toMatch(/^@\d+\.1$/);
  expect((await servers.listPanes(first)).map(({ paneId }) => paneId)).toEqual([first.paneId]);
  expect((await servers.listPanes(second)).map(({ paneId, tmuxId }) => [paneId, tmuxId])).toEqual([
    [second.paneId, second.tmuxId],
    [window.paneId, second.tmuxId],
  ]);
  await servers.sendText({ paneId: second.paneId, text: 'only here', enter: true });
  await until('the text', async () => (await servers.capture({ paneId: second.paneId })).includes('only here'));
  expect(await servers.capture({ paneId: first.paneId })).not.toContain('only here');
  await servers.sendKeys({ paneId: second.paneId, keys: ['C-d'] });
  await until('the reader to end', async () =>
    (await servers.listPanes(second)).some((pane) => pane.paneId === second.paneId && pane.dead),
  );

  expect(servers.attachArgv(second.tmuxId)).toEqual(['tmux', '-N', '-S', socketOf(1), 'attach-session', '-t', first.tmuxId]);
  const attach = `tmux -N -S ${socketOf(1)} attach-session -t '${first.tmuxId}'`;
  expect(servers.attachArgv(second.tmuxId, `${socketOf(0)},12,4`)).toEqual([
    'tmux',
    '-N',
    '-S',
    socketOf(0),
    'detach-client',
    '-E',
    attach,
  ]);
  expect(servers.attachArgv(second.tmuxId, `${socketOf(1)},12,4`)[4]).toBe('switch-client');
  expect(servers.attachArgv(second.tmuxId, '/tmp/tmux-0/default,12,4').slice(0, 3)).toEqual(['env', '-u', 'TMUX']);
  expect(await servers.attachedClients(second)).toBe(0);
  expect([servers.socketOf(0), servers.socketOf(1)]).toEqual([socketOf(0), socketOf(1)]);
  await servers.killWindow(window.windowId);
  expect(await servers.listPanes(second)).toHaveLength(1);
  await servers.killSession(second.tmuxId);
  expect(await servers.find('same', 1)).toEqual([first.tmuxId]);
});

test.skipIf(tmuxMissing())('the end of each server is told', async () => {
  await using own = createServers();
  let ends = 0;
  own.servers.onServerExit(() => {
    ends += 1;
  });
  await open(own.place, own.servers, 'one', 0);
  const lost = await open(own.place, own.servers, 'two', 1);
  await own.endOf(1);
  await until('the end to be told', () => ends === 1);
  expect(await own.servers.sessionIdOf(lost)).toBeUndefined();
  expect(await own.servers.find('one', 0)).toHaveLength(1);
});

test.skipIf(tmuxMissing())('servers that no terminal is on are ended, but never the first, and none is started for that', async () => {
  await using own = createServers();
  const one = await open(own.place, own.servers, 'one', 0);
  const two = await open(own.place, own.servers, 'two', 1);
  await own.servers.endUnused([one.tmuxId, two.tmuxId]);
  expect(await own.servers.listSessions([one.tmuxId, two.tmuxId])).toHaveLength(2);
  await own.servers.endUnused([]);
  await until(
    'the second to be gone',
    async () =>
      (await own.place.tool.runTool('tmux', ['-N', '-S', own.socketOf(1), 'list-sessions'], { okExitCodes: [0, 1] })).exitCode === 1,
  );
  expect(await own.servers.sessionIdOf(one)).toBe(one.tmuxId);

  await using other = createServers();
  await other.servers.endUnused([]);
  expect(existsSync(other.socketOf(1))).toBe(false);
});

test.skipIf(tmuxMissing())('whoever attaches from a terminal on one server to one on another leaves the first for it', async () => {
  await using own = createServers();
  const { place, servers } = own;
  const there = await open(place, servers, 'there', 1);
  // The shell of the first waits for what the user would type there.
  const here = await open(place, servers, 'here', 0, 'exec sh');
  const argv = servers.attachArgv(here.tmuxId);
  const user = spawn('script', ['-qc', argv.map(shellWord).join(' '), '/dev/null'], {
    env: { ...baseEnv, TERM: 'xterm' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await until('the user to be attached', async () => (await servers.attachedClients(here)) === 1);
  const go = servers
    .attachArgv(there.tmuxId, `${own.socketOf(0)},1,0`)
    .map(shellWord)
    .join(' ');
  await servers.sendText({ paneId: here.paneId, text: go, enter: true });
  await until('the user to be there', async () => (await servers.attachedClients(there)) === 1);
  expect(await servers.attachedClients(here)).toBe(0);
  user.kill('SIGKILL');
  await until('the user to be gone', async () => (await servers.attachedClients(there)) === 0);
});
