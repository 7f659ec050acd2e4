// Spec tasks from a real Neovim: what waits is told, a plan is decided upon from the buffer that shows it, an agent gets its answer; and
// foreign text stays text.
import { expect, test, vi } from 'vitest';
import { startNeovim } from '../../helpers/neovim.ts';
import { commandFile, shell } from '../../helpers/programs.ts';
import { planOf, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('nvim', ['--version']);

const plan = planOf([{ title: 'Greet', does: ['ask Run the installer', 'write hello.txt hello', 'commit Greet'] }]);

test.skipIf(missing)('a plan is sent back, its next revision approved as shown, and a permission answered', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, repo } = setup;
  const { client, home } = daemon;
  await using editor = await startNeovim(home, { cwd: repo.path });
  await editor.command('Coppice');
  await editor.line('list', /daemon .* pid \d+/);

  const { id } = await client.specTask.create({ project: setup.project, prompt: 'Greet people', environment: home.env() });
  await client.specTask.submitSpecs({ id, plan, requirements: 'A greeting appears.', source: 'import' });
  await editor.message(/^coppice: review: /);
  await editor.line('list', /^ {2}review +/);
  await editor.line('list', /#1 +spec review +Greet people .*revision 1/);
  await until('attention in the status line', async () =>
    /\b1 !$/.test(await editor.lua<string>("return require('coppice').statusline()")),
  );

  await editor.goTo(/^ {2}review/);
  await editor.keys('<CR>');
  await editor.line(`plan/${id}/1`, /^A greeting appears\.$/);
  expect(await editor.line(`plan/${id}/1`, /^# #1/)).toBe('# #1 Greet people: revision 1 (in review)');
  await editor.willAnswer('Greet them twice');
  await editor.keys('c');
  await editor.message(/Revision 1 of #1 goes back to its planner/);
  const { comments } = await client.review.list({ specTask: id });
  expect(comments).toMatchObject([{ body: 'Greet them twice', status: 'open' }]);
  await client.specTask.submitSpecs({ id, plan: `${plan}\n\nTwice.`, source: 'import' });

  // What the buffer shows is not the newest any more.
  await editor.willAnswer('Approve it and start the work');
  await editor.keys('a');
  await editor.message(/Revision 1 of .* is stale: 2 is there/);
  expect(await client.specTask.get({ id })).toMatchObject({ status: 'spec_review' });

  await editor.command('Coppice plan 1');
  await editor.line(`plan/${id}/2`, /^Twice\.$/);
  await editor.line(`plan/${id}/2`, /Greet them twice/);
  for (const comment of (await client.review.list({ specTask: id, status: 'open' })).comments) {
    await client.review.resolveComment({ id: comment.id });
  }
  await editor.willAnswer('Not now');
  await editor.command('Coppice approve');
  await editor.willAnswer('Approve it and start the work');
  await editor.command('Coppice approve');
  await editor.message(/Revision 2 of #1 is approved, and its work has begun/);
  expect((await editor.questions()).at(-1)).toEqual({
    prompt: 'Revision 2 of #1 "Greet people", as it is shown here:',
    choices: ['Approve it and start the work', 'Only approve it', 'Not now'],
  });
  expect(await client.specTask.get({ id })).toMatchObject({ approvedRevision: 2 });

  await editor.message(/^coppice: permission: An agent asks: Run the installer$/);
  await editor.command('Coppice');
  await editor.line('list', /^ {2}permission +An agent asks: Run the installer/);
  await editor.goTo(/^ {2}permission/);
  await editor.willAnswer('Allow (allow once)');
  await editor.keys('p');
  await editor.message(/"Run the installer" is answered with "yes"/);
  expect((await editor.questions()).at(-1)).toEqual({
    prompt: 'Run the installer (execute):',
    choices: ['Allow (allow once)', 'Reject (reject once)'],
  });
  const task = await setup.reached(id, 'implementation_review');
  expect(await repo.git('show', `${task.integrationBranch}:hello.txt`)).toBe('hello');
  await editor.line('list', /#1 +implementation review/);
  expect(await editor.lua('return #driver.answers')).toBe(0);
});

/** Escape sequences, a title for the terminal, eight-bit controls, a direction override, and half a character. */
const hostile = 'Red \u001b[31mname\u001b[0m\u001b]0;owned\u0007\nsecond\r\u009b2J\u202eline \ud800 \u0000end';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const harmful = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test.skipIf(missing)('escape sequences and newlines in names, plans and output never reach a buffer or a message', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, repo } = setup;
  const { client, home } = daemon;
  const octal = [
    ...new TextEncoder().encode('plain \u001b[1mbold\u001b[0m \u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ \u009b31mred a\u0000b\n'),
  ]
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('');
  home.writeCommand('loud', commandFile('loud', { steps: [shell(`printf '${octal}'; printf '10%%\\r100%%\\n'; printf '\\033]0;cut'`)] }));
  await using editor = await startNeovim(home, { cwd: repo.path });
  await editor.command('Coppice');
  await editor.line('list', /daemon .* pid \d+/);

  const { id } = await client.specTask.create({ project: setup.project, prompt: 'x', name: hostile });
  await client.specTask.submitSpecs({ id, plan: `## Task 1: ${hostile}\n\nBody \u001b[2Jof it`, source: 'import' });
  await editor.message(/^coppice: review: .*Red name/);
  await editor.line('list', /spec review +Red name second/);
  await editor.goTo(/^ {2}review/);
  await editor.keys('<CR>');
  await editor.line(`plan/${id}/1`, /^Body of it$/);

  await editor.command('Coppice run loud');
  const slug = /"(loud-\w+)"/.exec(await editor.message(/"loud-/))?.[1] as string;
  await editor.command(`Coppice follow ${slug}`);
  await editor.line(`output/${slug}`, /^── session succeeded$/);
  expect((await editor.lines(`output/${slug}`))?.filter((line) => line !== '' && !line.startsWith('──'))).toEqual([
    'plain bold link red ab',
    '100%',
    ']0;cut',
  ]);
  const all = await editor.lua<string[]>(`local lines = {}
    for _, buffer in ipairs(require('coppice.buffers').all()) do
      vim.list_extend(lines, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
    end
    for _, one in ipairs(driver.messages) do table.insert(lines, one.text) end
    return lines`);
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter((line) => harmful.test(line))).toEqual([]);
});
