// Editors over the Agent Client Protocol: the protocol's own client drives `coppice acp` against a real daemon with real git and tmux.
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEditor } from '../../helpers/acp-editor.ts';
import { createHome, runCli } from '../../helpers/real-daemon.ts';
import { fakeAgent, type SpecTaskSetup, script, setUpSpecTasks } from '../../helpers/spec-task-setup.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const options = { timeout: 90_000 };

const editorOf = (setup: SpecTaskSetup, more: Partial<Parameters<typeof startEditor>[0]> = {}) =>
  startEditor({ cwd: setup.repo.path, env: setup.daemon.home.env(), ...more });

test('a folder that is no worktree of ours gets a conversation with a worktree of its own, and says where', options, async () => {
  await using setup = await setUpSpecTasks();
  await using editor = await editorOf(setup);
  const { client } = setup.daemon;
  const { sessionId, configOptions } = await editor.open(setup.repo.path);
  expect(configOptions?.find(({ id }) => id === 'agent')).toMatchObject({ currentValue: 'fake' });
  const one = await client.workSession.get({ id: sessionId });
  expect(one).toMatchObject({ kind: 'ad_hoc', status: 'active', stage: 'waiting_human', agent: 'fake' });
  await until('the place to be told', () => editor.said(sessionId).includes(one.worktreePath as string));

  expect(await editor.prompt(sessionId, script(['write talk.txt said in an editor', 'commit Add the talk', 'say I wrote it.']))).toBe(
    'end_turn',
  );
  expect(editor.said(sessionId)).toContain('I wrote it.');
  // The answer comes after all that was said in the turn.
  expect(editor.log.findLastIndex(({ what }) => what === 'session/prompt')).toBeGreaterThan(
    editor.log.findLastIndex(({ update }) => update?.sessionUpdate === 'agent_message_chunk'),
  );
  expect(editor.said(sessionId, 'user_message_chunk')).toBe('');
  expect(await setup.repo.git('-C', one.worktreePath as string, 'log', '-1', '--format=%s')).toBe('Add the talk');
  expect(await setup.repo.git('status', '--porcelain')).toBe('');
  // Nothing was merged unasked, and it goes on to be talked to.
  await until('it to wait for its human', async () => (await client.workSession.get({ id: sessionId })).stage === 'waiting_human');
  expect(await editor.prompt(sessionId, script(['say Again.']))).toBe('end_turn');
  const { sessions } = await editor.agent.request('session/list', { cwd: setup.repo.path });
  expect(sessions).toMatchObject([{ sessionId, cwd: one.worktreePath }]);
  // It is over when somebody says so.
  await client.workSession.complete({ id: sessionId, summary: 'Talked' });
  await until('it to be verified', async () => (await client.workSession.get({ id: sessionId })).stage === 'awaiting_merge');
  await client.workSession.merge({ id: sessionId });
  await setup.reached(one.specTaskId, 'implementation_review');
});

test('nothing comes before the answer to session/new, and a load tells everything before its own', options, async () => {
  await using setup = await setUpSpecTasks();
  await using first = await editorOf(setup);
  const { sessionId } = await first.open(setup.repo.path);
  expect(first.log[0]?.what).toBe('session/new');
  await first.prompt(sessionId, script(['say The first words.']));
  await first.prompt(sessionId, script(['say The second words.']));

  await using second = await editorOf(setup);
  const cwd = (await setup.daemon.client.workSession.get({ id: sessionId })).worktreePath as string;
  await second.load(sessionId, cwd);
  const answerAt = second.log.findIndex(({ what }) => what === 'session/load');
  const before = second.log.slice(0, answerAt).flatMap(({ update }) => update ?? []);
  const texts = before.map((update) => ('content' in update ? (update.content as { text?: string }).text : ''));
  expect(texts.filter((text) => /words|Done/.test(text ?? ''))).toEqual([
    script(['say The first words.']),
    'The first words.',
    'Done.',
    script(['say The second words.']),
    'The second words.',
    'Done.',
  ]);
});

test('two editors see the same, what one types is shown in the other, and the first answer to a question wins', options, async () => {
  await using setup = await setUpSpecTasks();
  let answerFirst: (option: string) => void = () => undefined;
  const answer = new Promise<string>((resolve) => {
    answerFirst = resolve;
  });
  await using left = await editorOf(setup, { answers: () => answer });
  const { sessionId } = await left.open(setup.repo.path);
  await using right = await editorOf(setup, { args: ['--session', sessionId] });
  await right.open(setup.repo.path);
  const text = script(['ask May I?', 'say Thank you.']);
  const turn = left.prompt(sessionId, text);
  await until('both to be asked', () => left.asked.length === 1 && right.asked.length === 1);
  expect(right.asked[0]).toMatchObject({ sessionId, toolCall: { title: 'May I?' }, options: [{ optionId: 'yes' }, { optionId: 'no' }] });
  answerFirst('yes');
  expect(await turn).toBe('end_turn');
  await until('the question to be taken back', () => right.withdrawn.length === 1);
  await until('the other to see it all', () => right.said(sessionId).includes('Done.'));
  expect(right.said(sessionId)).toContain('Thank you.Done.');
  expect(right.said(sessionId, 'user_message_chunk')).toBe(text);
  const { permissions } = await setup.daemon.client.permission.list({
    specTask: (await setup.daemon.client.workSession.get({ id: sessionId })).specTaskId,
  });
  expect(permissions).toMatchObject([{ status: 'answered', answer: 'yes' }]);
});

test('a cancel ends the turn as cancelled, whatever the agent says, and the next prompt is taken', options, async () => {
  await using setup = await setUpSpecTasks();
  await using editor = await editorOf(setup);
  const { sessionId } = await editor.open(setup.repo.path);
  const turn = editor.prompt(sessionId, script(['late-cancel', 'say Begun.', 'hang']));
  await until('the turn to run', () => editor.said(sessionId).includes('Begun.'));
  await editor.agent.notify('session/cancel', { sessionId });
  expect(await turn).toBe('cancelled');
  expect(await editor.prompt(sessionId, script(['say Next.']))).toBe('end_turn');
});

test('a folder of a work session is that work session, and a second thread in it one beside it', options, async () => {
  await using setup = await setUpSpecTasks();
  const task = await setup.started([{ title: 'Add it', does: ['wait /nonexistent/never'] }]);
  const one = await setup.workSession(task.id, '1', ({ stage }) => stage === 'running');
  const cwd = one.worktreePath as string;
  using dir = createTempDir();
  symlinkSync(cwd, dir.at('link'));
  await using editor = await editorOf(setup, { cwd });
  expect((await editor.open(dir.at('link'))).sessionId).toBe(one.id);
  const { sessionId } = await editor.open(cwd);
  expect(await setup.daemon.client.workSession.get({ id: sessionId })).toMatchObject({ specTaskId: task.id, kind: 'ad_hoc' });
  await until('the plan to be shown', () => editor.updates(one.id).some(({ sessionUpdate }) => sessionUpdate === 'plan'));
  expect(editor.updates(one.id).find(({ sessionUpdate }) => sessionUpdate === 'plan')).toMatchObject({
    entries: [{ content: '1: Add it', status: 'in_progress' }],
  });
});

test('a command of the project runs as a session, and its steps are shown', options, async () => {
  await using setup = await setUpSpecTasks({
    files: {
      '.coppice/commands/greet.yaml':
        'name: greet\ndescription: Says hello\narguments:\n  - name: who\n    required: true\nsteps:\n  - name: hello\n    type: shell\n    action: echo "hello $COPPICE_ARG_WHO"\n',
    },
  });
  await using editor = await editorOf(setup);
  const { sessionId } = await editor.open(setup.repo.path);
  await until('the commands to be offered', () =>
    editor.updates(sessionId).some((one) => one.sessionUpdate === 'available_commands_update' && JSON.stringify(one).includes('"greet"')),
  );
  expect(await editor.prompt(sessionId, '/greet who="the world"')).toBe('end_turn');
  const { sessions } = await setup.daemon.client.session.list({ command: 'greet' });
  expect(sessions).toMatchObject([{ status: 'succeeded', arguments: { who: 'the world' } }]);
  const steps = editor.updates(sessionId).filter(({ sessionUpdate }) => sessionUpdate.startsWith('tool_call'));
  expect(steps).toMatchObject([
    { sessionUpdate: 'tool_call', title: 'hello', status: 'in_progress' },
    { sessionUpdate: 'tool_call_update', status: 'completed' },
  ]);
  await expect(editor.prompt(sessionId, '/greet whom')).rejects.toThrow('is no argument of "/greet"');
  await expect(editor.prompt(sessionId, '/greet whom=x')).rejects.toThrow('whom');
});

test('what a spec task made is approved in the editor', options, async () => {
  await using setup = await setUpSpecTasks();
  const task = await setup.started([{ title: 'Add it', does: ['write a.txt a', 'commit Add a'] }]);
  await setup.reached(task.id, 'implementation_review');
  const one = await setup.workSession(task.id, '1', () => true);
  await using editor = await editorOf(setup, { answers: ({ options: [first] }) => first?.optionId ?? '' });
  await editor.load(one.id, setup.repo.path);
  await setup.reached(task.id, 'done');
  expect(editor.asked).toMatchObject([{ toolCall: { title: `Approve what #${task.number} "${task.name}" made` } }]);
});

test('the MCP servers of an editor are given to the agent as far as policy lets them be started', options, async () => {
  await using setup = await setUpSpecTasks({ config: '[policy]\ndeny_executables = ["/bin/false", "/usr/bin/false"]\n' });
  await using editor = await editorOf(setup);
  const server = { name: 'notes', command: '/bin/cat', args: ['-'], env: [{ name: 'KEY', value: 'secret-of-mine' }] };
  await expect(editor.open(setup.repo.path, [{ ...server, command: '/bin/false' }])).rejects.toThrow('false');
  expect((await setup.daemon.client.specTask.list({})).specTasks).toEqual([]);
  const { sessionId } = await editor.open(setup.repo.path, [server]);
  await editor.prompt(sessionId, script(['servers']));
  expect(editor.said(sessionId)).toContain(JSON.stringify([server]));
  expect(JSON.stringify(await setup.daemon.client.workSession.get({ id: sessionId }))).not.toContain('secret-of-mine');
});

test('another agent goes on in the same worktree, with a conversation of its own', options, async () => {
  const second = `[agents.other]\nprotocol = "acp"\ncommand = ["node", ${JSON.stringify(fakeAgent)}]\n`;
  await using setup = await setUpSpecTasks({ config: second });
  await using editor = await editorOf(setup);
  const { sessionId } = await editor.open(setup.repo.path);
  await editor.prompt(sessionId, script(['say One.']));
  const { configOptions } = await editor.agent.request('session/set_config_option', { sessionId, configId: 'agent', value: 'other' });
  expect(configOptions).toMatchObject([{ id: 'agent', currentValue: 'other' }]);
  expect(await editor.prompt(sessionId, script(['write two.txt two', 'say Two.']))).toBe('end_turn');
  const one = await setup.daemon.client.workSession.get({ id: sessionId });
  expect(one).toMatchObject({ agent: 'other', name: '```script say One. ```' });
  expect(existsSync(join(one.worktreePath as string, 'two.txt'))).toBe(true);
});

test('bad requests are answered with a sentence, and nothing is made', options, async () => {
  await using setup = await setUpSpecTasks();
  await using editor = await editorOf(setup);
  await expect(editor.open('/')).rejects.toThrow('not inside a git repository');
  expect(await editor.agent.request('session/list', { cwd: '/' })).toEqual({ sessions: [] });
  await expect(editor.load('wks_0123456789abcdefghijklmnop', '/')).rejects.toThrow('There is no work session');
  await expect(editor.prompt('nowhere', 'x')).rejects.toThrow('is not open here');
  const { sessionId } = await editor.open(setup.repo.path);
  const prompt = (block: object) => editor.agent.request('session/prompt', { sessionId, prompt: [block] } as never);
  await expect(prompt({ type: 'image', mimeType: 'image/png', data: '' })).rejects.toThrow('only text is taken');
  await expect(prompt({ type: 'text', text: '  ' })).rejects.toThrow('has no text');
  const chosen = editor.agent.request('session/set_config_option', { sessionId, configId: 'agent', value: 'nobody' });
  await expect(chosen).rejects.toThrow('nobody');
  await expect(editor.agent.request('no/such', {})).rejects.toMatchObject({ code: -32601 });
});

test('the death of the daemon ends the bridge with a sentence; the turn goes on, and a load shows it once', options, async () => {
  await using setup = await setUpSpecTasks();
  using dir = createTempDir();
  const { daemon } = setup;
  const editor = await editorOf(setup);
  const { sessionId } = await editor.open(setup.repo.path);
  const text = script(['say Before.', `wait ${dir.at('go')}`, 'say After.']);
  const turn = editor.prompt(sessionId, text).catch((error: Error) => error);
  await until('the turn to run', () => editor.said(sessionId).includes('Before.'));
  await daemon.kill();
  expect(await editor.exited).toBe(69);
  expect(await turn).toBeInstanceOf(Error);
  expect(editor.stderr()).toBe(
    'coppice: The connection to the daemon is over; what its agents do goes on. Open the thread again to see it.\n',
  );
  writeFileSync(dir.at('go'), '');
  await daemon.restart();
  await using again = await editorOf(setup);
  await again.load(sessionId, setup.repo.path);
  await until('the end of the turn', () => again.said(sessionId).includes('Done.'));
  expect(again.said(sessionId)).toBe(`Before.After.Done.`);
  expect(again.said(sessionId, 'user_message_chunk')).toBe(text);
  expect(await again.prompt(sessionId, script(['say Here again.']))).toBe('end_turn');
});

test('a work session that is not there is told like by any command', options, async () => {
  await using setup = await setUpSpecTasks();
  const ran = await setup.daemon.cli(['acp', '--session', 'nothing']);
  expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
  expect(ran.stderr).toContain('There is no work session "nothing"');
});

test('without a daemon, and without leave to start one, the bridge says so and ends with 69', options, async () => {
  await using home = createHome();
  const ran = await runCli(home, ['acp'], { env: { COPPICE_NO_AUTOSTART: '1' } });
  expect(ran).toMatchObject({ exitCode: 69, stdout: '' });
  expect(ran.stderr).toMatch(/^coppice: No daemon answers on .+\n$/);
});
