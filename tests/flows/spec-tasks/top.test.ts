// `coppice top` over spec tasks: what waits for a human is seen, opened and answered there, and the daemon proves that it was.
import { expect, test, vi } from 'vitest';
import { script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { rowWith, startTop } from '../../helpers/top.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 150_000 });

test('a plan is shown, and the revision that was shown is approved: not one that came in between', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, project } = setup;
  const { client, home } = daemon;
  const task = await client.specTask.create({ project, prompt: 'Log people in', environment: home.env() });
  const planOf = (title: string): string =>
    `## Task 1: ${title}\n\nIn as many words as it takes.\n\n${script(['write a.txt 1', 'commit A'])}\n`;
  await client.specTask.submitSpecs({ id: task.id, plan: planOf('The first of two'), source: 'human' });
  await using screen = await startTop(home);
  await screen.shows('Waits for you (1)', 'Review the plan of #1', 'spec review');

  await screen.keys('Enter');
  await screen.shows('plan.md', '## Task 1: The first of two', 'revision 1: a approves it');
  await client.specTask.submitSpecs({ id: task.id, plan: planOf('The second of two'), source: 'human' });
  await screen.keys('a');
  await screen.shows(/stale|newer/);
  expect(await client.specTask.get({ id: task.id })).toMatchObject({ status: 'spec_review', revision: 2 });

  await screen.keys('Enter');
  await screen.shows('The second of two', 'revision 2: a approves it');
  await screen.keys('a');
  await screen.shows('Revision 2 of #1 is approved');
  expect(await client.specTask.get({ id: task.id })).toMatchObject({ approvedRevision: 2 });
  await setup.reached(task.id, 'implementation_review');
  await screen.shows('implementation review', '100%', 'merged as', 'ready to land');
});

test('a permission is answered by choosing an option, and a question by a text', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon } = setup;
  const { client, home } = daemon;
  await using screen = await startTop(home);
  const { id } = await setup.started([
    { title: 'Ask', does: ['ask Run the installer', 'write done.txt yes', 'commit Done'] },
    { title: 'Help', does: ['hang'] },
  ]);
  await screen.shows('An agent asks: Run the installer');
  expect(rowWith(await screen.shows('waiting permission by'), '1 Ask')).toContain('waiting human');
  await screen.keys('r');
  await screen.shows('> 1  Allow (allow once)', '  2  Reject (reject once)', 'kind: execute');
  await screen.keys('Down');
  await screen.shows('> 2  Reject');
  await screen.keys('1');
  await screen.shows('Answered with "Allow".');
  expect((await client.permission.list({ specTask: id })).permissions).toMatchObject([{ status: 'answered', answer: 'yes' }]);
  await setup.workSession(id, '1', ({ status }) => status === 'completed');

  const helped = await setup.workSession(id, '2', ({ stage }) => stage === 'running');
  await client.workSession.requestHelp({ id: helped.id, question: 'Which port?' });
  await screen.shows('question', 'asks for help: Which port?');
  await screen.keys('g', 'Enter');
  await screen.shows('Which port?', 'Enter sends the answer');
  await screen.type('8080, q and all');
  await screen.shows('> 8080, q and all_');
  await screen.keys('Enter');
  await screen.shows('The answer is on its way');
  const prompts = await until('the answer as a prompt', async () => {
    const found = await client.workSession.listPrompts({ id: helped.id });
    return found.prompts.some(({ content }) => content.includes('8080, q and all')) && found;
  });
  expect(prompts.prompts.length).toBeGreaterThan(0);

  // What is answered elsewhere while it is open goes away by itself.
  await client.workSession.requestHelp({ id: helped.id, question: 'Which host?' });
  await screen.shows('Which host?');
  await screen.keys('g', 'Enter');
  await screen.shows('Enter sends the answer');
  await client.workSession.answerHelp({ id: helped.id, answer: 'localhost' });
  await screen.shows('That does not wait any more', 'Enter open');
});

test('long, wide and hostile names keep 80 columns and 24 rows, and a resize to 120 by 40 and back is right', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon, project } = setup;
  const { client, home } = daemon;
  const names = [
    `${'long '.repeat(45)}end`,
    '表を作る'.repeat(20),
    '🎉🚀 family 👨‍👩‍👧‍👦 flag 🇩🇪 thumbs 👍🏽 heart ❤️ e\u0301 done',
    '\u001b[31mred\u001b[0m \u001b[2J\u001b[10;10H \u001b]0;owned\u0007title\nsecond\ttab\r\u202eright to left\u009b5A',
  ];
  for (const name of names) {
    const made = await client.specTask.create({ project, name: name.slice(0, 255), prompt: 'x', environment: home.env() });
    await client.specTask.submitSpecs({
      id: made.id,
      plan: `## Task 1: ${name.replaceAll('\n', ' ').slice(0, 190)}\n\nWords\n`,
      source: 'human',
    });
  }
  await setup.started([
    { title: '表を作る 🎉 first of them all, and long enough to be cut', does: ['hang'] },
    { title: 'Second', does: ['hang'] },
    { title: 'Third', after: '1, 2', does: ['hang'] },
    { title: 'Fourth', after: '3', does: ['hang'] },
  ]);
  await using screen = await startTop(home, { env: { LANG: 'C.UTF-8' } });
  const small = await screen.shows(
    'Waits for you (4)',
    '└─4 Fourth',
    '3 Third (after 1, 2)',
    /1 表.*working by/,
    /2 Second.*working by/,
    '30%',
  );
  const fitsIn = (text: string, columns: number, rows: number): void => {
    const lines = text.replace(/\n$/, '').split('\n');
    expect(lines).toHaveLength(rows);
    expect(lines[0]).toMatch(/^coppice {2}1 project {2}5 spec tasks/);
    expect(lines.at(-1)).toBe('');
    expect(lines.at(-2)).toMatch(/^Enter open/);
    // tmux says itself where it broke a line that was too wide, and what left the screen at its top.
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns);
    expect(text).not.toMatch(/owned|\u202e|\[31m/);
  };
  fitsIn(small, 80, 24);
  expect(
    await screen.tmux('capture-pane', '-p', '-J', '-t', 'user').then((text) => text.split('\n').map((line) => line.trimEnd())),
  ).toEqual(small.split('\n'));
  expect((await screen.tmux('display-message', '-p', '-t', 'user', '#{history_size} #{pane_title}')).trim()).not.toMatch(/owned/);
  expect(rowWith(small, '#3')).toMatch(/🎉🚀/u);
  expect(rowWith(small, '#4')).toContain('red');
  // Ages stand in the same columns, however wide the names are.
  const agesAt = small
    .split('\n')
    .filter((line) => /<5m$/.test(line))
    .map((line) => columnsBefore(line, /<5m$/));
  expect(new Set(agesAt)).toEqual(new Set([76]));

  await screen.resize(120, 40);
  const large = await screen.shows(/\n{3}Enter open/, 'implementation', /long long long long long long long/);
  fitsIn(large, 120, 40);
  await screen.resize(80, 24);
  await until('the first size again', async () => (await screen.text()) === small);
  await screen.resize(40, 10);
  await screen.shows('Enter open');
  expect((await screen.lines()).every((line) => [...line].length <= 40)).toBe(true);
  await screen.keys('q');
  expect(await screen.exitCode()).toBe(0);
});

/** Of a terminal: signs of East Asia and emoji take two, and a flag is made of two signs. */
function columnsBefore(line: string, part: RegExp): number {
  const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uff00-\uff60]|\p{Emoji_Presentation}/u;
  const widthOf = (char: string): number => (/\p{M}/u.test(char) ? 0 : wide.test(char) && !/\p{RI}/u.test(char) ? 2 : 1);
  return [...line.slice(0, line.search(part))].reduce((sum, char) => sum + widthOf(char), 0);
}
