// What a session tells of itself: to a step, to a client page by page, and to nobody what is secret.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

test('the context file of a step is the session as clients see it, with every row of its history and the shared data', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const copy = `cp "$COPPICE_CONTEXT_FILE" ${signals.path('context')}; stat -c %a "$COPPICE_CONTEXT_FILE" > ${signals.path('mode')}; ${signals.tell('copied')}; ${signals.waitFor('gate')}`;
  await using daemon = await startRealDaemon({
    home,
    commands: {
      look: commandFile('look', {
        arguments: ['plain', { name: 'hidden', secret: true }],
        worktree: { branch: 'look' },
        pre_steps: [shell('echo \'{"seen": [1, null]}\' >> "$COPPICE_OUTPUT_FILE"')],
        steps: [shell('exit 4', { continue_on_error: true }), shell(copy, { name: 'copy' }), shell('true', { when: 'on_failure' })],
        finally_steps: [shell('true')],
      }),
    },
  });
  const { id } = await daemon.start(repo.path, 'look', { arguments: { plain: 'a', hidden: 'canary' } });
  await signals.lines('copied');

  const context = JSON.parse(readFileSync(signals.path('context'), 'utf8'));
  const now: SessionRecord = await daemon.client.session.get({ id });
  const { sharedData, stepRuns, ...session } = now;

  expect(context.session).toEqual(session);
  expect(context.sharedData).toEqual(sharedData);
  expect(sharedData).toMatchObject({ seen: [1, null], branch_name: 'look' });
  const brief = (rows: readonly { name: string; status: string; exitCode?: number | undefined }[]) =>
    rows.map(({ name, status, exitCode }) => ({ name, status, exitCode }));
  expect(brief(context.history)).toEqual(brief(stepRuns));
  expect(context.history.find(({ name }: { name: string }) => name === 'copy')).toMatchObject({ status: 'running', index: 3 });
  expect(context).toMatchObject({ worktree: { branch: 'look' }, terminal: { name: session.terminalName }, project: { path: repo.path } });
  expect(readFileSync(signals.path('mode'), 'utf8')).toBe('600\n');
  expect(JSON.stringify(context)).not.toContain('canary');
  signals.open('gate');
  expect((await daemon.ended(id)).status).toBe('succeeded');
});

test('the steps of a session come page by page, each once and in order', async () => {
  await using repo = await createTestRepo();
  const steps = Array.from({ length: 7 }, (_, index) => ({ name: `step ${index}`, ...shell('true', { when: "'' == 'x'" }) }));
  await using daemon = await startRealDaemon({ commands: { many: commandFile('many', { steps }) } });
  const { id, stepRuns } = await daemon.ended((await daemon.start(repo.path, 'many')).id);

  expect(await daemon.client.session.listSteps({ id })).toEqual({ stepRuns });
  const read: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await daemon.client.session.listSteps({ id, limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.stepRuns.length).toBeLessThanOrEqual(3);
    read.push(...page.stepRuns.map(({ name }) => name));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  expect(read).toEqual(steps.map(({ name }) => name));
  await expect(daemon.client.session.listSteps({ id, cursor: 'stp_none' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('a secret that stands in the file as a default reaches the step and no record', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const secret = 'canary-default-51';
  await using daemon = await startRealDaemon({
    home,
    commands: {
      quiet: commandFile('quiet', {
        arguments: [{ name: 'key', secret: true, default: secret, choices: [secret, 'canary-other-52'] }],
        steps: [shell(`test "\${#COPPICE_ARG_KEY}" = ${secret.length}`), 'store-artifacts'],
      }),
    },
  });
  const project = (await daemon.client.project.add({ path: repo.path })).id;
  const ended = await daemon.ended((await daemon.start(repo.path, 'quiet')).id);
  const got = await daemon.client.command.get({ project, name: 'quiet' });
  const plan = await daemon.client.command.plan({ project, name: 'quiet' });
  const refused = await daemon.start(repo.path, 'quiet', { arguments: { key: 'canary-given-53' } }).catch((error: Error) => error.message);
  await daemon.stop();

  expect(ended).toMatchObject({ status: 'succeeded', arguments: { key: '***' } });
  expect(got.arguments).toEqual([{ name: 'key', type: 'string', required: false, secret: true }]);
  expect(refused).toContain('none of its choices');
  expect(JSON.stringify([ended, got, plan, refused])).not.toContain('canary');
  const files = readdirSync(home.stateDir, { recursive: true }).map((name) => join(home.stateDir, String(name)));
  for (const path of files.filter((file) => statSync(file).isFile()))
    expect(readFileSync(path, 'latin1').includes('canary'), path).toBe(false);
});
