// The steps that the daemon runs itself, each in a session of its own.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

const builtin = (action: string, args: object = {}, more: object = {}): object => ({ type: 'builtin', action, args, ...more });

async function runSteps(daemon: RealDaemon, path: string, name: string, fields: object): Promise<SessionRecord> {
  daemon.home.writeCommand(name, commandFile(name, { ...fields }));
  return daemon.ended((await daemon.start(path, name)).id);
}

test('cleanup deletes temporary files of its session and nothing else', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const make =
    'mkdir -p "$COPPICE_ARTIFACT_DIR/tmp/x"; echo 1 > "$COPPICE_ARTIFACT_DIR/tmp/x/y"; echo 2 > "$COPPICE_ARTIFACT_DIR/outputs/kept.txt"';
  const steps = [{ script: make }, builtin('cleanup'), shell('test ! -e "$COPPICE_ARTIFACT_DIR/tmp" && ls "$COPPICE_ARTIFACT_DIR/meta"')];
  const ended = await runSteps(daemon, repo.path, 'clean', { steps });
  expect(ended.status).toBe('succeeded');
  expect((await daemon.client.session.readOutput({ id: ended.id, step: 3 })).data).not.toContain('.script');
  expect(existsSync(join(ended.artifactDir, 'outputs', 'kept.txt'))).toBe(true);
  expect(existsSync(join(ended.artifactDir, 'logs'))).toBe(true);
});

test('session-send types, session-wait sees it, session-capture keeps it, session-kill ends it', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const steps = [
    'start-session',
    builtin('session-send', { text: 'echo rea""dy-$((40 + 2))' }),
    builtin('session-wait', { pattern: 'ready-\\d+', timeout: 10 }),
    builtin('session-capture', { name: 'screen.txt' }),
    builtin('session-send', { text: 'exit' }),
    builtin('session-wait', { timeout: 10 }),
    builtin('session-kill'),
  ];
  const ended = await runSteps(daemon, repo.path, 'talk', { steps });
  expect(ended).toMatchObject({ status: 'succeeded', sharedData: { wait_match: 'ready-42', capture_path: 'outputs/screen.txt' } });
  expect(readFileSync(join(ended.artifactDir, 'outputs', 'screen.txt'), 'utf8')).toContain('ready-42');
  expect((await daemon.client.terminal.list({})).terminals).toEqual([]);
});

test('session-wait gives up at its time, and when the terminal ends without the text', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const never = await runSteps(daemon, repo.path, 'never', {
    session: {},
    steps: [builtin('session-wait', { pattern: 'never-comes', timeout: 0.3 })],
  });
  expect(never).toMatchObject({ status: 'failed', reason: 'deadline_exceeded' });
  const gone = await runSteps(daemon, repo.path, 'gone', {
    session: {},
    steps: [builtin('session-send', { text: 'exit' }), builtin('session-wait', { pattern: 'never-comes', timeout: 10 })],
  });
  expect(gone).toMatchObject({ status: 'failed', reason: 'precondition' });
  const wrong = await runSteps(daemon, repo.path, 'wrong', { session: {}, steps: [builtin('session-wait', { pattern: '(' })] });
  expect(wrong).toMatchObject({ status: 'failed', reason: 'invalid_params' });
});

test('session-destroy ends the terminal, unless the project has a script of that name', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const ours = await runSteps(daemon, repo.path, 'ours', { steps: ['start-session', 'session-destroy'] });
  expect(ours.status).toBe('succeeded');
  expect((await daemon.client.terminal.list({ all: true })).terminals).toMatchObject([{ status: 'ended', reason: 'step' }]);

  mkdirSync(join(repo.path, '.prj', 'steps'), { recursive: true });
  writeFileSync(join(repo.path, '.prj', 'steps', 'session-destroy.sh'), 'echo by the project\n');
  const plan = await daemon.client.command.plan({ project: repo.path, name: 'ours' });
  expect(plan.steps.find(({ name }) => name === 'session-destroy')).toMatchObject({ type: 'script' });
  const theirs = await runSteps(daemon, repo.path, 'theirs', { lifecycle: 'standard', steps: ['session-destroy'] });
  expect((await daemon.client.session.readOutput({ id: theirs.id, step: 1 })).data).toBe('by the project\n');
});

test('worktree-remove takes a clean worktree with its terminal, and leaves one with work', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const clean = await runSteps(daemon, repo.path, 'clean', { worktree: { branch: 'clean' }, steps: [builtin('worktree-remove')] });
  expect(clean.status).toBe('succeeded');
  expect(existsSync(clean.worktreePath as string)).toBe(false);
  expect(await repo.git('branch', '--list', 'clean')).toBe('');
  expect((await daemon.events({ types: ['worktree.removed'] })).length).toBe(1);

  const dirty = await runSteps(daemon, repo.path, 'dirty', {
    worktree: { branch: 'dirty' },
    steps: [shell('echo x > x.txt', { run_in: 'process' }), builtin('worktree-remove')],
  });
  expect(dirty).toMatchObject({ status: 'failed', reason: 'work_at_risk' });
  expect(readFileSync(join(dirty.worktreePath as string, 'x.txt'), 'utf8')).toBe('x\n');
});
