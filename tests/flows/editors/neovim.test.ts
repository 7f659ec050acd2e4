// The Neovim plugin in a real Neovim, against a real daemon.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Neovim, neovimPlugin, startNeovim } from '../../helpers/neovim.ts';
import { commandFile, createSignals, shell } from '../../helpers/programs.ts';
import { startRealDaemon } from '../../helpers/real-daemon.ts';
import { createTestRepo } from '../../helpers/repo.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('nvim', ['--version']);

interface Seen {
  readonly seq: number;
  readonly type: string;
}

/** Keeps the durable events that the plugin gives to its listeners. */
const listen = (editor: Neovim) =>
  editor.lua(`require('coppice').on(function(event)
    if event.seq then table.insert(driver.events, { seq = event.seq, type = event.type }) end
  end)`);
const seen = (editor: Neovim): Promise<Seen[]> => editor.lua<Seen[]>('return driver.events').then((all) => Array.from(all));
const statusLine = (editor: Neovim) => editor.lua<string>("return require('coppice').statusline()");
const cursorOf = (editor: Neovim) =>
  until('a cursor', () => editor.lua<string | null>("return require('coppice.app').get().feed.cursor()"));

test.skipIf(missing)('a command is started, followed and ends, over a kill -9 of the daemon, and no event is missed', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  const signals = createSignals(home);
  home.writeCommand(
    'build',
    commandFile('build', {
      arguments: [{ name: 'target', choices: ['unit', 'web'] }],
      steps: [
        shell(`echo "building $COPPICE_ARG_TARGET"; ${signals.tell('begun')}; ${signals.waitFor('go')}; echo built`, { name: 'make' }),
        shell('echo "all is well"', { name: 'tell' }),
      ],
    }),
  );
  home.writeCommand('tell', commandFile('tell', { steps: [shell('echo told')] }));
  await using editor = await startNeovim(home, { cwd: repo.path });
  await listen(editor);
  const after = await cursorOf(editor);

  await editor.command('Coppice');
  await editor.line('list', /daemon .* pid \d+/);
  await editor.command('Coppice run build target=unit');
  const said = await editor.message(/"build-\w+" has begun/);
  const slug = /"(build-\w+)"/.exec(said)?.[1] as string;
  await editor.line('list', new RegExp(`running +${slug} +build`));
  expect(await statusLine(editor)).toBe('coppice 1 running');
  // As the help says to show it.
  const shown = /^ +(set statusline\+=.*)$/m.exec(readFileSync(join(neovimPlugin, 'doc', 'coppice.txt'), 'utf8'))?.[1];
  await editor.command(shown ?? '');
  expect(await editor.lua('return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str')).toMatch(/coppice 1 running$/);

  await editor.command(`Coppice follow ${slug}`);
  await editor.line(`output/${slug}`, /^building unit$/);
  await signals.lines('begun');

  await daemon.kill();
  await editor.message(/No daemon answers on/);
  expect(await statusLine(editor)).toBe('coppice away');
  await editor.line('list', /No daemon answers on .* start one with/);
  signals.open('go');
  await daemon.again();
  await editor.message(/The daemon is back/);

  await editor.line(`output/${slug}`, /^── session succeeded$/);
  await editor.line('list', new RegExp(`succeeded +${slug} +build`));
  expect((await editor.lines(`output/${slug}`))?.filter((line) => line !== '')).toEqual([
    '── step 1 make',
    'building unit',
    'built',
    '── step 2 tell',
    'all is well',
    '── session succeeded',
  ]);
  expect((await editor.messages()).filter((text) => text.includes('No daemon answers'))).toHaveLength(1);
  // An orderly restart is no different.
  await daemon.restart();
  await editor.command('Coppice run tell');
  await editor.line('list', /succeeded +tell-/);
  await until('an idle status line', async () => (await statusLine(editor)) === 'coppice idle');

  const types = await editor.lua<string[]>("return require('coppice.feed').types");
  const truth = (await daemon.events({ after, types: [...types] })).map(({ seq, type }) => ({ seq, type }));
  await until('the last event', async () => (await seen(editor)).length >= truth.length);
  expect(await seen(editor)).toEqual(truth);
  expect(truth.map(({ type }) => type)).toEqual(expect.arrayContaining(['session.created', 'daemon.started', 'session.finished']));
  expect(await editor.quit()).toBe(0);
});
