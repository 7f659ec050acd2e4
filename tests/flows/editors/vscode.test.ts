// The extension in the real editor: packed, installed, and used with the keyboard and the mouse, while a real daemon works.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandFile, createSignals, type Signals, shell } from '../../helpers/programs.ts';
import { cliProgram } from '../../helpers/real-daemon.ts';
import { fakeAgentConfig, planOf, type SpecTaskSetup, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { until } from '../../helpers/until.ts';
import { openVscode, type Vscode, vscodeMissing } from '../../helpers/vscode.ts';
import { fromMenu, notification, press, rowOf, showsInEditor, showsInOutput, statusBar } from '../../helpers/workbench.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const quick = '[hot_reload]\ndebounce_ms = 100\n';
/** Colours, moves the cursor, names the window, breaks the line, and would be a button and an icon. */
const hostile =
  '\u001b[31mRed\u001b[0m \u001b]0;owned\u0007\u001b[2Jtask\r\nof [two](command:workbench.action.quit) $(trash) lines \u202egnp';
const harmless = /Red task of \[two\] \(command:workbench\.action\.quit\) \$ \(trash\) lines/;

describe.skipIf(vscodeMissing())('the extension in VS Code', () => {
  let setup: SpecTaskSetup;
  let vscode: Vscode;
  let signals: Signals;

  beforeAll(async () => {
    setup = await setUpSpecTasks({ config: quick });
    const { home } = setup.daemon;
    signals = createSignals(home);
    const talk = `printf 'one \\033[31mred\\033[0m\\n'; ${signals.waitFor('go')}; echo two`;
    home.writeCommand('talk', commandFile('talk', { steps: [shell(talk)] }));
    home.writeCommand('wait', commandFile('wait', { steps: [shell(signals.waitFor('end'))] }));
    const greet = commandFile('greet', { arguments: [{ name: 'who', required: true }], steps: [shell('echo "hello $COPPICE_ARG_WHO"')] });
    home.writeCommand('greet', greet);
    vscode = await openVscode(home, setup.repo.path);
    await statusBar(vscode.page, /0 running\s+0 waiting/);
    await vscode.command('Coppice: Show Projects');
  });

  afterAll(async () => {
    await vscode?.picture('vscode-end').catch(() => undefined);
    await vscode?.[Symbol.asyncDispose]();
    await setup?.[Symbol.asyncDispose]();
  });

  test('a session stands in the tree within two seconds of its start, and its output is followed to its end', async () => {
    const { page } = vscode;
    const startedAt = performance.now();
    const { slug } = await setup.daemon.start(setup.repo.path, 'talk');
    await rowOf(page, slug);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await statusBar(page, /1 running\s+0 waiting/);
    await (await rowOf(page, slug)).click();
    await showsInOutput(page, /^one red$/m);
    signals.open('go');
    await showsInOutput(page, /^two$/m);
    await showsInOutput(page, /succeeded/);
    await rowOf(page, new RegExp(`${slug}.*succeeded`));
    await statusBar(page, /0 running/);
    await vscode.picture('vscode-output');
  });

  test('a plan is shown and approved from its notification, its agent is allowed what it asks, and a hostile name does no harm', async () => {
    const { page } = vscode;
    const { client, home } = setup.daemon;
    const created = await client.specTask.create({ project: setup.project, name: hostile, prompt: hostile, environment: home.env() });
    const plan = planOf([{ title: 'Ask first', does: ['ask Run the installer', 'write done.txt yes', 'commit Done'] }]);
    await client.specTask.submitSpecs({ id: created.id, plan, source: 'import' });

    const asked = await notification(page, /review revision 1 of the plan of #1/);
    expect(await asked.locator('.notification-list-item-message').textContent()).toMatch(harmless);
    expect(await asked.locator('.notification-list-item-message a').count()).toBe(0);
    await rowOf(page, /Waits for you/);
    const row = await rowOf(page, /#1 Red task/);
    expect(await row.textContent()).toMatch(harmless);
    await statusBar(page, /1 waiting/);

    await press(page, /review revision 1/, 'Show Plan');
    await showsInEditor(page, /## Task 1: Ask first/);
    await vscode.picture('vscode-plan');
    expect(await client.specTask.get({ id: created.id })).toMatchObject({ status: 'spec_review' });
    await press(page, /review revision 1/, 'Approve');
    await until('the approval', async () => (await client.specTask.get({ id: created.id })).approvedRevision === 1);
    const approvals = await setup.daemon.events({ types: ['specTask.approved'] });
    expect(approvals.map(({ subject, data }) => [subject.specTaskId, data])).toEqual([[created.id, { revision: 1 }]]);

    await rowOf(page, /Ask first.*waiting/);
    await press(page, /"Ask first" asks: Run the installer/, 'Allow (allow once)');
    await setup.reached(created.id, 'implementation_review');
    const { permissions } = await client.permission.list({ specTask: created.id });
    expect(permissions).toMatchObject([{ status: 'answered', answer: 'yes', answeredBy: 'owner' }]);
    await rowOf(page, /#1 Red task.*implementation review/);
    await rowOf(page, /Ask first.*completed/);
  });

  test('a plan is sent back with words, and a question of an agent is answered', async () => {
    const { page } = vscode;
    const { client, home } = setup.daemon;
    const { id } = await client.specTask.create({ project: setup.project, name: 'Send back', prompt: 'Greet people' });
    await client.specTask.submitSpecs({ id, plan: planOf([{ title: 'Greet', does: [] }]), source: 'import' });
    await press(page, /review revision 1 of the plan of #2 Send back/, 'Request Changes');
    await vscode.enter('Greet them twice');
    await setup.reached(id, 'spec_revision', 'spec_generation', 'spec_failed');
    const { comments } = await client.review.list({ specTask: id });
    expect(comments.map(({ body }) => body)).toEqual(['Greet them twice']);

    const environment = home.env({ FAKE_AGENT_CLI: `node ${cliProgram}` });
    const asking = await setup.approved([{ title: 'Ask', does: ["coppice work ask 'Which port?'"] }], { environment });
    await client.specTask.startImplementation({ id: asking.id });
    await press(page, /"Ask" asks for help: Which port/, 'Answer');
    await vscode.enter('8080 it is');
    const one = await setup.workSession(asking.id, '1', ({ status }) => status !== 'pending');
    await until('the answer as a prompt', async () =>
      (await client.workSession.listPrompts({ id: one.id })).prompts.some(({ content }) => content.includes('8080 it is')),
    );
    await setup.reached(asking.id, 'implementation_review');
    await rowOf(page, /#3 Do what the plan says.*implementation review/);
  });

  test('a command is started with its arguments, and what it needs is asked for', async () => {
    await vscode.command('Coppice: Start a Command');
    await vscode.choose('greet');
    await vscode.enter('the world');
    await showsInOutput(vscode.page, /^hello the world$/m);
  });

  test('what a worktree changed is a document, conflicts are told, and a terminal is attached to', async () => {
    const { page } = vscode;
    const { client } = setup.daemon;
    const made = [];
    for (const branch of ['left', 'right']) {
      const session = await setup.daemon.start(setup.repo.path, 'start', { arguments: { name: branch } });
      const worktree = await until('its worktree', async () => (await client.session.get({ id: session.id })).worktreePath);
      await setup.repo.commit(`Change it in ${branch}`, { 'readme.txt': `${branch} was here\n` }, worktree);
      // A menu is about the row it was opened on, so the rows stand still by then.
      await setup.daemon.ended(session.id);
      await rowOf(page, new RegExp(`succeeded on ${branch}`));
      made.push(session);
    }
    await fromMenu(page, /on left/, 'Show Changes', () => showsInEditor(page, /\+left was here/, 10_000));
    await vscode.command('Coppice: Predict Conflicts');
    await notification(page, /1 pair of \d+ branches would conflict/);
    await showsInEditor(page, /readme\.txt/);
    await vscode.picture('vscode-conflicts');

    const { terminalId = '', terminalName = '' } = await client.session.get({ id: made[0]?.id ?? '' });
    await vscode.command('Coppice: Attach in a Terminal');
    await vscode.choose(terminalName);
    await until('somebody at the terminal', async () => (await client.terminal.get({ terminal: terminalId })).attachedClients > 0);
  });

  test('what happens to the configuration is told', async () => {
    const { page } = vscode;
    const { home } = setup.daemon;
    home.writeConfig(fakeAgentConfig(`${quick}[sessions]\ntimeout = 77\n`));
    await statusBar(page, /configuration \d+ is in force \(sessions\.timeout\)/);
    home.writeConfig(fakeAgentConfig(`${quick}[sessions]\ntimeout = "long"\n`));
    await statusBar(page, /config\.toml" changed/);
    const told = await notification(page, /the configuration is wrong, so the former one stays in force/);
    expect(await told.locator('.notification-list-item-message').textContent()).toContain('config.toml:');
    await press(page, /the configuration is wrong/, 'Show Events');
    await showsInOutput(page, /config\.reloadFailed/);
    home.writeConfig(fakeAgentConfig(`${quick}mode = "defer"\n[sessions]\ntimeout = 77\n`));
    await statusBar(page, /is in force \(hot_reload\.mode\)/);
    await setup.daemon.start(setup.repo.path, 'wait');
    home.writeConfig(fakeAgentConfig(`${quick}mode = "defer"\n[sessions]\ntimeout = 78\n`));
    await statusBar(page, /waits until no session runs \(sessions\.timeout\)/);
  });

  test('a daemon that is killed and back, or away for long, leaves the tree right, and its absence is told once', async () => {
    const { page } = vscode;
    const { daemon, repo } = setup;
    await daemon.kill();
    await daemon.again();
    const after = await daemon.start(repo.path, 'wait');
    await rowOf(page, new RegExp(`${after.slug}.*running`));

    await daemon.kill();
    await statusBar(page, /coppice: not connected/);
    await notification(page, /No daemon answers on/);
    await daemon.again();
    await statusBar(page, /\d+ running/);
    signals.open('end');
    await daemon.ended(after.id);
    await rowOf(page, new RegExp(`${after.slug}.*succeeded`));
    const { slug } = await daemon.start(repo.path, 'wait');
    await rowOf(page, new RegExp(`${slug}.*succeeded`));
    await vscode.picture('vscode-after-restart');
  });

  test('a session is cancelled after a question, and its worktree is opened', async () => {
    const { page } = vscode;
    setup.daemon.home.writeCommand('hold', commandFile('hold', { steps: [shell(signals.waitFor('never'))] }));
    const { id, slug } = await setup.daemon.start(setup.repo.path, 'hold');
    await rowOf(page, slug);
    await vscode.command('Coppice: Cancel');
    await vscode.choose(slug);
    await page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Cancel It' }).first().click();
    expect(await setup.daemon.ended(id)).toMatchObject({ status: 'cancelled' });
    await rowOf(page, new RegExp(`${slug}.*cancelled`));
    await vscode.command('Coppice: Open Worktree in This Window');
    await vscode.choose('right');
    await until('the worktree to be open', () => decodeURIComponent(page.url()).includes('/right'));
    // A window that was opened anew tells what has been waiting.
    await statusBar(page, /[1-9]\d* waiting/);
    await notification(page, /coppice: Look at what #1 "Red task/);
  });
});
