// What a command takes from its base and its prompt file, and how hostile text comes through.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, putProgram, shell } from '../helpers/programs.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { artifactText } from '../helpers/session-results.ts';

/** A PATH with an agent that tells what it was given. */
function agentOf(repo: TestRepo): string {
  const says = ['echo "thinking $1" >&2', 'echo "# Answer to"', 'cat', 'echo "env $AGENT_MODE file $(basename $COPPICE_PROMPT_FILE)"'];
  return putProgram(repo.directory, 'stub-agent', says.join('\n'));
}

test('hostile text in an argument arrives byte for byte, in environment, prompt and args, and nothing of it runs', async () => {
  await using repo = await createTestRepo();
  const hostile = `x'; touch pwned "$(touch pwned)" \`touch pwned\`\n{{ user }} %s \\n é 😀 {{ nothing }}`;
  await repo.write('p.md', 'Say: {{ message }}.');
  await repo.write(
    '.coppice/commands/say.yaml',
    commandFile('say', {
      arguments: ['message'],
      prompt_file: 'p.md',
      steps: [shell('printf %s "$COPPICE_ARG_MESSAGE" > got; printf %s "$COPPICE_STEP_TEXT" > step', { args: { text: '{{ message }}' } })],
    }),
  );
  await using daemon = await startRealDaemon();

  const ran = await daemon.cli(['run', 'say', `message=${hostile}`], { cwd: repo.path });

  expect(ran.stderr).toBe('');
  expect(readFileSync(join(repo.path, 'got'), 'utf8')).toBe(hostile);
  expect(readFileSync(join(repo.path, 'step'), 'utf8')).toBe(hostile);
  const [session] = (await daemon.client.session.list({})).sessions;
  expect(await artifactText(daemon, session?.id as string, 'prompts/prompt.md')).toBe(`Say: ${hostile}.`);
  expect(existsSync(join(repo.path, 'pwned'))).toBe(false);
});

test('base, child and prompt file: order, environment, the rendered prompt, the agent that reads it, and its answer', async () => {
  await using repo = await createTestRepo();
  const path = agentOf(repo);
  await repo.write('.prj/ask.md', 'Build {{ feature }} for {{ project }} on {{ branch }}.\n');
  const base = {
    abstract: true,
    prompt_file: 'ask.md',
    environment: { AGENT_MODE: 'base', KEPT: 'yes' },
    arguments: ['feature'],
    pre_steps: [shell('echo base-pre >> "$COPPICE_ARTIFACT_DIR/order"')],
    steps: [shell('echo base >> "$COPPICE_ARTIFACT_DIR/order"'), '$steps', shell('echo base-last >> "$COPPICE_ARTIFACT_DIR/order"')],
  };
  const child = {
    extends: 'base',
    worktree: { branch: 'topic/{{ feature }}' },
    environment: { AGENT_MODE: 'child-{{ feature }}' },
    steps: [
      { type: 'agent', name: 'ask it', action: 'stub-agent', args: { argv: ['about {{ feature }}'] } },
      { type: 'builtin', action: 'prompt-agent', args: { agent: 'stub-agent', prompt: 'Only {{ feature }}' } },
      shell('echo "child $KEPT" >> "$COPPICE_ARTIFACT_DIR/order"'),
    ],
  };
  await repo.write('.coppice/commands/base.yaml', commandFile('base', base));
  await repo.write('.coppice/commands/child.yaml', commandFile('child', child));
  await using daemon = await startRealDaemon();

  const started = await daemon
    .start(repo.path, 'child', { arguments: { feature: 'a b' }, environment: { PATH: path, HOME: repo.directory } })
    .catch((error: unknown) => error);
  expect(started).toMatchObject({ kind: expect.any(String) });
  const { id } = await daemon.start(repo.path, 'child', {
    arguments: { feature: 'tea' },
    environment: { PATH: path, HOME: repo.directory },
  });
  const ended = await daemon.ended(id);

  expect(ended).toMatchObject({ status: 'succeeded', branch: 'topic/tea' });
  expect(readFileSync(join(ended.artifactDir, 'order'), 'utf8')).toBe('base-pre\nbase\nchild yes\nbase-last\n');
  const prompt = 'Build tea for repo on topic/tea.\n';
  expect(await artifactText(daemon, id, 'prompts/prompt.md')).toBe(prompt);
  expect(await artifactText(daemon, id, 'prompts/prompt.source.md')).toBe('Build {{ feature }} for {{ project }} on {{ branch }}.\n');
  expect(await artifactText(daemon, id, 'outputs/003-ask-it.md')).toBe(`# Answer to\n${prompt}env child-tea file prompt.md\n`);
  expect(await artifactText(daemon, id, 'outputs/004-prompt-agent.md')).toContain('# Answer to\nOnly teaenv');
  // The log has what was said on stderr, then the answer.
  const output = await daemon.client.session.readOutput({ id, step: 3 });
  expect(output.data).toBe(`thinking about tea\n# Answer to\n${prompt}env child-tea file prompt.md\n`);
  expect(JSON.parse(await artifactText(daemon, id, 'meta/session.json'))).toMatchObject({ id, status: 'succeeded', branch: 'topic/tea' });
  expect(await artifactText(daemon, id, 'meta/definition.yaml')).toContain('promptFile: ask.md');
});

test('a missing base, a cycle and a missing prompt are told by list and validate, and refused at the start', async () => {
  await using repo = await createTestRepo();
  const steps = [shell('touch ran')];
  await repo.write('.coppice/commands/orphan.yaml', commandFile('orphan', { extends: 'nobody', steps }));
  await repo.write('.coppice/commands/a.yaml', commandFile('a', { extends: 'b', steps }));
  await repo.write('.coppice/commands/b.yaml', commandFile('b', { extends: 'a', steps }));
  await repo.write('.coppice/commands/mute.yaml', commandFile('mute', { prompt_file: 'gone.md', steps }));
  await repo.write('.coppice/commands/out.yaml', commandFile('out', { prompt_file: '../outside.md', steps }));
  writeFileSync(repo.beside('outside.md'), 'no');
  await using daemon = await startRealDaemon();
  const project = (await daemon.client.project.add({ path: repo.path })).id;

  const { commands } = await daemon.client.command.list({ project });
  const { diagnostics } = await daemon.client.command.validate({ project });

  const told = {
    orphan: 'No command is named "nobody"',
    a: 'extends itself',
    b: 'extends itself',
    mute: '"gone.md" is neither',
    out: 'outside',
  };
  for (const [name, message] of Object.entries(told)) {
    const listed = commands.find((command) => command.name === name);
    expect(listed, name).toMatchObject({ valid: false });
    expect(listed?.diagnostics.map((one) => one.message).join(), name).toContain(message);
    expect(diagnostics.map((one) => one.message).join()).toContain(message);
    await expect(daemon.client.session.start({ project, command: name }), name).rejects.toMatchObject({ kind: 'COMMAND_INVALID' });
  }
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
  await repo.write('gone.md', 'here now');
  expect((await daemon.ended((await daemon.start(repo.path, 'mute')).id)).status).toBe('succeeded');
});

test('a prompt with a variable that has no value is refused before anything exists', async () => {
  await using repo = await createTestRepo();
  await repo.write('p.md', 'About {{ topic }}');
  await repo.write(
    '.coppice/commands/ask.yaml',
    commandFile('ask', { prompt_file: 'p.md', arguments: [{ name: 'topic' }], steps: [shell('true')] }),
  );
  await using daemon = await startRealDaemon();
  await expect(daemon.start(repo.path, 'ask')).rejects.toMatchObject({
    kind: 'COMMAND_INVALID',
    message: expect.stringContaining('topic'),
  });
  await repo.write('p.md', 'About {{ topc }}');
  await expect(daemon.start(repo.path, 'ask')).rejects.toMatchObject({ message: expect.stringContaining('did you mean "topic"') });
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
});
