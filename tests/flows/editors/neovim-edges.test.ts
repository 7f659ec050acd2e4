// What surrounds the work in Neovim: wrong input, no daemon, completion, configuration, another log.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Neovim, startNeovim } from '../../helpers/neovim.ts';
import { commandFile, createSignals, putProgram, shell } from '../../helpers/programs.ts';
import { cliProgram, createHome, startRealDaemon } from '../../helpers/real-daemon.ts';
import { createTestRepo } from '../../helpers/repo.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('nvim', ['--version']);

const connected = (editor: Neovim) => editor.line('list', /daemon .* pid \d+/);
const complete = (editor: Neovim, line: string) =>
  editor.lua<string[]>("return vim.fn.getcompletion(given, 'cmdline')", line).then(Array.from<string>);

test.skipIf(missing)('wrong input is one readable sentence each', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { build: commandFile('build', { arguments: [{ name: 'target' }], steps: [shell('true')] }) },
  });
  await using editor = await startNeovim(daemon.home, { cwd: repo.path });
  await editor.command('Coppice');
  await connected(editor);
  const cases: [string, RegExp][] = [
    ['Coppice frobnicate', /There is no ":Coppice frobnicate"; there are: approve, attach, /],
    ['Coppice run', /Write it as ":Coppice run <command> \[key=value …\]"/],
    ['Coppice follow a b', /Write it as ":Coppice follow <session>"/],
    ['Coppice run bild', /No command is named "bild".*"build"/],
    ['Coppice run build unit', /"unit" is not an argument; write arguments as key=value/],
    ['Coppice run build tarjet=unit', /The command has no argument "tarjet".*"target"/],
    ['Coppice follow nobody', /nobody/],
    ['Coppice attach nobody', /nobody/],
    ['Coppice cancel nobody', /nobody/],
    ['Coppice plan 77', /77/],
    ['Coppice approve', /Approve from a plan that is shown/],
    ['Coppice permission', /No agent asks for a permission/],
    ['Coppice permission per_x', /"per_x" waits for no answer any more/],
  ];
  for (const [command, sentence] of cases) {
    const before = (await editor.messages()).length;
    await editor.command(command);
    const said = await until(`a message for ${command}`, async () => (await editor.messages())[before]);
    expect(said, command).toMatch(sentence);
    expect(said).toMatch(/^coppice: [^\n]+$/);
    expect(await editor.messages(), command).toHaveLength(before + 1);
  }
  await editor.lua('vim.fn.chdir(given)', daemon.home.dir);
  await editor.command('Coppice run build');
  expect(await editor.message(/git repository/)).toContain(daemon.home.dir);
  await expect(editor.lua("require('coppice').setup({ sokket = '/x' })")).rejects.toThrow('there is no option "sokket"');
  await expect(editor.lua("require('coppice').setup({ notify = 1 })")).rejects.toThrow('the option "notify" is a boolean, not a number');
  // An error that only a listener made stays its own.
  await editor.lua("require('coppice').on(function() error('mine') end)");
  await daemon.start(repo.path, 'build');
  await editor.message(/A listener of "session\.\w+" failed: .*mine/);
  await editor.line('list', /succeeded +build-/);
});

test.skipIf(missing)('without a daemon a command says so once, and one is started only when asked', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const PATH = putProgram(home.dir, 'coppice', `exec "${process.execPath}" "${cliProgram}" "$@"`);
  await using editor = await startNeovim(home, { cwd: repo.path, env: { PATH, COPPICE_NO_AUTOSTART: undefined } });
  expect(await editor.lua("return require('coppice').statusline()")).toBe('');
  await editor.command('Coppice run example');
  const sentence = `coppice: No daemon answers on "${home.socketPath}" (ENOENT`;
  await editor.message(/No daemon answers/);
  expect((await editor.messages())[0]).toContain(sentence);
  await editor.command('Coppice');
  await editor.line('list', /No daemon answers on .*:Coppice start-daemon/);
  expect(await editor.messages()).toHaveLength(1);

  await editor.lua("require('coppice').setup({ program = '/nonexistent/coppice' })");
  await editor.command('Coppice start-daemon');
  await editor.message(/The program "\/nonexistent\/coppice" is not on the PATH/);
  await editor.lua("require('coppice').setup({})");
  await editor.command('Coppice start-daemon');
  await editor.message(/The daemon runs/);
  await connected(editor);
  await until('an idle status line', async () => (await editor.lua("return require('coppice').statusline()")) === 'coppice idle');
});

test.skipIf(missing)('a command that finds no daemon starts one when that is configured, and then runs', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  home.writeCommand('build', commandFile('build', { steps: [shell('true')] }));
  const PATH = putProgram(home.dir, 'coppice', `exec "${process.execPath}" "${cliProgram}" "$@"`);
  await using editor = await startNeovim(home, { cwd: repo.path, env: { PATH, COPPICE_NO_AUTOSTART: undefined } });
  await editor.lua("require('coppice').setup({ start_daemon = true })");
  await editor.command('Coppice run build');
  await editor.message(/"build-\w+" has begun/);
  await editor.command('Coppice');
  await editor.line('list', /succeeded +build-/);
});

test.skipIf(missing)('names of commands, of their arguments and of sessions are completed', async () => {
  await using repo = await createTestRepo();
  const targets = [
    { name: 'target', choices: ['unit', 'web'] },
    { name: 'loud', type: 'boolean' },
  ];
  await using daemon = await startRealDaemon({
    commands: {
      build: commandFile('build', { arguments: targets, steps: [shell('true')] }),
      bundle: commandFile('bundle', { steps: [shell('true')] }),
    },
  });
  const { slug } = await daemon.ended((await daemon.start(repo.path, 'build')).id);
  await using editor = await startNeovim(daemon.home, { cwd: repo.path });
  expect(await complete(editor, 'Coppice st')).toEqual(['start-daemon', 'stop']);
  await until('names of commands', async () => (await complete(editor, 'Coppice run bu')).length > 0);
  expect(await complete(editor, 'Coppice run bu')).toEqual(['build', 'bundle']);
  await until('arguments', async () => (await complete(editor, 'Coppice run build ')).length > 0);
  expect(await complete(editor, 'Coppice run build ')).toEqual(['target=', 'loud=']);
  expect(await complete(editor, 'Coppice run build target=')).toEqual(['target=unit', 'target=web']);
  expect(await complete(editor, 'Coppice run build target=unit lo')).toEqual(['loud=']);
  expect(await complete(editor, 'Coppice run build target=unit loud=t')).toEqual(['loud=true']);
  await until('sessions', async () => (await complete(editor, 'Coppice follow bu')).includes(slug));
  expect(await complete(editor, 'Coppice cancel bu')).toEqual([]);
});

test.skipIf(missing)('a changed configuration is told: seen, in force, held back and wrong', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: '[hot_reload]\ndebounce_ms = 100\n' });
  const { home } = daemon;
  const signals = createSignals(home);
  home.writeCommand('wait', commandFile('wait', { steps: [shell(signals.waitFor('go'))] }));
  await using editor = await startNeovim(home, { cwd: repo.path });
  await editor.command('Coppice');
  await connected(editor);

  home.writeConfig('[hot_reload]\ndebounce_ms = 100\nmode = "defer"\n');
  expect(await editor.message(/configuration file/)).toBe(`coppice: The configuration file "${home.configPath}" changed.`);
  expect(await editor.message(/is in force/)).toMatch(/^coppice: Configuration \d+ is in force; changed: hot_reload\.mode\.$/);
  home.writeConfig('[hot_reload]\nmode = "sometimes"\n');
  expect(await editor.message(/is wrong/)).toMatch(/configuration \d+ stays in force\. .*config\.toml:2:\d+: /);
  const { id } = await daemon.start(repo.path, 'wait');
  home.writeConfig('[hot_reload]\ndebounce_ms = 100\nmode = "defer"\n[sessions]\ntimeout = 77\n');
  expect(await editor.message(/waits until no session runs/)).toContain('(sessions.timeout)');
  signals.open('go');
  await daemon.ended(id);
  await editor.message(/is in force; changed: sessions\.timeout\./);
});

test.skipIf(missing)('after the log was replaced everything is read anew, and told', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { build: commandFile('build', { steps: [shell('true')] }) } });
  await using editor = await startNeovim(daemon.home, { cwd: repo.path });
  await editor.command('Coppice');
  await daemon.ended((await daemon.start(repo.path, 'build')).id);
  const line = await editor.line('list', /succeeded +build-/);
  await daemon.stop();
  for (const name of ['coppice.db', 'coppice.db-wal', 'coppice.db-shm']) rmSync(join(daemon.home.stateDir, name), { force: true });
  await daemon.again();
  await editor.message(/The event log is another one; everything was read anew/);
  await until('the list to be empty', async () => !(await editor.lines('list'))?.includes(line));
  await daemon.start(repo.path, 'build');
  await editor.line('list', /succeeded +build-/);
});
