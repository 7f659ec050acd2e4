// What Neovim shows and leaves: terminals, output, where the daemon is found, the help.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { locate } from '../../../client/locate.ts';
import { type Neovim, neovimPlugin, startNeovim } from '../../helpers/neovim.ts';
import { commandFile, createSignals, shell } from '../../helpers/programs.ts';
import { createHome, runDaemon, startRealDaemon } from '../../helpers/real-daemon.ts';
import { createTestRepo } from '../../helpers/repo.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { appears, until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('nvim', ['--version']);

const connected = (editor: Neovim) => editor.line('list', /daemon .* pid \d+/);

test.skipIf(missing)('a terminal is used in a split, and closing the split only detaches', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { client, home } = daemon;
  const { id, slug } = await daemon.start(repo.path, 'start', { arguments: { name: 'plant/oak' } });
  await until('its terminal', async () => (await client.session.get({ id })).terminalId);
  // As in the tmux of a user.
  await using editor = await startNeovim(home, { cwd: repo.path, env: { TMUX: '/tmp/some-tmux,1,0', TERM: 'xterm-256color' } });
  await editor.command(`Coppice attach ${slug}`);
  await until('the terminal to be attached', async () => (await client.terminal.get({ terminal: id })).attachedClients === 1);
  await editor.lua("vim.api.nvim_chan_send(vim.b.terminal_job_id, 'echo in$((40+2))\\r')");
  await until('what was typed', () =>
    editor.lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n'):find('in42') ~= nil"),
  );
  await editor.command('bwipeout!');
  await until('the terminal to be detached', async () => (await client.terminal.get({ terminal: id })).attachedClients === 0);
  expect(await client.terminal.get({ terminal: id })).toMatchObject({ status: 'live' });
});

test.skipIf(missing)('output is bounded, closing its buffer ends its subscription, and stop leaves nothing behind', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { client, home } = daemon;
  const signals = createSignals(home);
  const flood = `seq 1 400000; head -c 20000 /dev/zero | tr '\\0' x; echo; ${signals.tell('said')}; ${signals.waitFor('go')}; echo end`;
  home.writeCommand('flood', commandFile('flood', { steps: [shell(flood)] }));
  const counts = async () => (await client.daemon.status()).counts;
  const before = await counts();
  await using editor = await startNeovim(home, { cwd: repo.path });
  await editor.lua("require('coppice').setup({ output_lines = 500 })");
  const { slug } = await daemon.start(repo.path, 'flood');
  await signals.lines('said');
  await editor.command(`Coppice follow ${slug}`);
  await editor.line(`output/${slug}`, /^x{3616}$/);
  const lines = (await editor.lines(`output/${slug}`)) ?? [];
  expect(lines.length).toBeLessThanOrEqual(500);
  expect(lines[0]).toContain('older lines are not shown here');
  expect(lines).toContain('400000');
  expect(lines.filter((line) => line.startsWith('x')).map((line) => line.length)).toEqual([4096, 4096, 4096, 4096, 3616]);
  expect((await counts()).subscriptions).toBe(before.subscriptions + 2);
  await editor.command('bwipeout');
  await until('one subscription less', async () => (await counts()).subscriptions === before.subscriptions + 1);

  await editor.command('Coppice');
  await connected(editor);
  await editor.command('Coppice stop');
  await until('no connection of the editor', async () => (await counts()).connections === before.connections);
  expect(await editor.lua("return #require('coppice.buffers').all()")).toBe(0);
  await editor.command('Coppice');
  await editor.line('list', new RegExp(`running +${slug}`));
  signals.open('go');
  await editor.line('list', new RegExp(`succeeded +${slug}`));
  await editor.keys('q');
  expect(await editor.lines('list')).toBeUndefined();
  expect(await editor.quit()).toBe(0);
  await until('no connection of the editor', async () => (await counts()).connections === before.connections);
});

test.skipIf(missing)('each attempt of a step is shown from its beginning', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const signals = createSignals(daemon.home);
  const first = `${signals.tell('begun')}; echo "the first attempt says much"; ${signals.waitFor('seen')}; exit 1`;
  const action = `if [ -e ${signals.path('begun')} ]; then echo two; else ${first}; fi`;
  const retry = { max_attempts: 2, initial_backoff_ms: 50 };
  daemon.home.writeCommand('flaky', commandFile('flaky', { steps: [shell(action, { name: 'try', retry })] }));
  const { slug } = await daemon.start(repo.path, 'flaky');
  await using editor = await startNeovim(daemon.home, { cwd: repo.path });
  await editor.command(`Coppice follow ${slug}`);
  await editor.line(`output/${slug}`, /says much/);
  signals.open('seen');
  await editor.line(`output/${slug}`, /^── session/);
  expect((await editor.lines(`output/${slug}`))?.filter((line) => line !== '')).toEqual([
    '── step 1 try',
    'the first attempt says much',
    '── step 1 try, attempt 2',
    'two',
    '── session succeeded',
  ]);
});

test.skipIf(missing)('the socket is found as every client finds it, through endpoint.json too', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const socket = home.path('elsewhere.sock');
  // It ends with its home.
  const exit = runDaemon(home, { args: ['--socket', socket] });
  await Promise.race([appears(socket), exit.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  await using editor = await startNeovim(home, { cwd: repo.path });
  const env = { HOME: '/home/x', XDG_RUNTIME_DIR: '/run/user/7', XDG_STATE_HOME: '/var/x' };
  const cases: Record<string, string>[] = [
    env,
    { ...env, XDG_RUNTIME_DIR: 'relative', XDG_STATE_HOME: '' },
    { ...env, XDG_RUNTIME_DIR: '' },
    { ...env, COPPICE_HOME: '/srv/c' },
    { ...env, COPPICE_HOME: '/srv/c', COPPICE_SOCKET: '/srv/s' },
    { ...env, COPPICE_SOCKET: 'relative' },
    { ...env, COPPICE_HOME: 'relative' },
    { ...env, COPPICE_SOCKET: `/${'x'.repeat(107)}` },
  ];
  const names = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME', 'COPPICE_HOME', 'COPPICE_SOCKET'];
  for (const one of cases) {
    const found = await editor.lua<{ paths?: string[]; problem?: string }>(
      `local kept = {}
      for _, name in ipairs(given.names) do kept[name] = vim.env[name]; vim.env[name] = given.env[name] end
      local paths, problem = require('coppice.places').sockets()
      for _, name in ipairs(given.names) do vim.env[name] = kept[name] end
      return { paths = paths, problem = problem }`,
      { names, env: one },
    );
    let wanted: { paths: string[] } | { problem: string };
    try {
      wanted = { paths: [locate({ env: one, home: '/home/x' }).socketPath] };
    } catch (error) {
      wanted = { problem: (error as Error).message };
    }
    expect(found).toEqual(wanted);
  }
  await editor.command('Coppice');
  await connected(editor);
});

test.skipIf(missing)('the help is found, and every option, word and key of it is there', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using editor = await startNeovim(home, { cwd: repo.path });
  mkdirSync(home.path('help/doc'), { recursive: true });
  const help = readFileSync(join(neovimPlugin, 'doc', 'coppice.txt'), 'utf8');
  await editor.lua(
    `vim.fn.writefile(vim.fn.readfile(given.from), given.to .. '/coppice.txt')
    vim.cmd('helptags ' .. given.to)
    vim.opt.runtimepath:append(vim.fn.fnamemodify(given.to, ':h'))`,
    { from: join(neovimPlugin, 'doc', 'coppice.txt'), to: home.path('help/doc') },
  );
  for (const topic of ['coppice', 'coppice-list', 'coppice-options', ':Coppice']) {
    await editor.command(`help ${topic}`);
    expect(await editor.lua('return vim.fn.expand("%:t")')).toBe('coppice.txt');
  }
  for (const verb of await editor.lua<string[]>("return require('coppice.commands').verbs()")) expect(help).toContain(`:Coppice ${verb}`);
  for (const option of ['socket', 'connect', 'notify', 'program', 'start_daemon', 'output_lines'])
    expect(help).toMatch(new RegExp(`^  ${option} `, 'm'));
});
