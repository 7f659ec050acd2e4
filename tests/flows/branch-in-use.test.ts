// A branch that has a worktree already.
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

test('a session that failed is started again with its arguments, in the worktree it left; a branch in use is refused unless reuse is asked for', async () => {
  await using repo = await createTestRepo();
  const command = (more: Record<string, unknown>) => ({
    arguments: ['what', { name: 'key', secret: true }],
    worktree: { branch: 'work/{{ what }}', ...more },
    steps: [shell('[ -e made ] || { echo "$COPPICE_ARG_WHAT" > made; exit 4; }')],
  });
  await using daemon = await startRealDaemon({
    commands: { work: commandFile('work', command({})), reuse: commandFile('reuse', command({ existing: 'reuse' })) },
  });
  const failed = await daemon.ended((await daemon.start(repo.path, 'work', { arguments: { what: 'tea' } })).id);
  expect(failed.status).toBe('failed');

  await expect(daemon.start(repo.path, 'work', { arguments: { what: 'tea' } })).rejects.toMatchObject({
    kind: 'ALREADY_EXISTS',
    message: expect.stringContaining(failed.worktreePath as string),
  });
  const retried = await daemon.cli(['retry', failed.slug, '--json'], { cwd: repo.path });
  expect(retried.exitCode).toBe(0);
  expect(JSON.parse(retried.stdout)).toMatchObject({ status: 'succeeded', worktreePath: failed.worktreePath, arguments: { what: 'tea' } });
  await expect(daemon.client.session.retry({ id: JSON.parse(retried.stdout).id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
  const reused = await daemon.ended((await daemon.start(repo.path, 'reuse', { arguments: { what: 'tea' } })).id);
  expect(reused).toMatchObject({ status: 'succeeded', worktreePath: failed.worktreePath });
  expect(reused.stepRuns.at(-1)).toMatchObject({ name: 'release worktree', reason: 'kept: reused' });

  const secret = await daemon.ended((await daemon.start(repo.path, 'work', { arguments: { what: 'x', key: 'canary' } })).id);
  await expect(daemon.client.session.retry({ id: secret.id })).rejects.toMatchObject({
    kind: 'PRECONDITION',
    message: expect.stringContaining('"key"'),
  });
});
