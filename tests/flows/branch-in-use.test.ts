// A branch that has a worktree already.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { stepStates } from '../helpers/session-results.ts';
import { type Story, startStory } from '../helpers/story.ts';

/** A daemon with room for so many sessions, and a command whose branch is always the same. */
function startWithRoom(maxRunning: number, worktree: Readonly<Record<string, unknown>>): Promise<Story> {
  return startStory((signals) => {
    const work = [shell(`${signals.tell('works')}; ${signals.waitFor('work')}; git commit --allow-empty -qm "$COPPICE_SESSION_ID"`)];
    const commands = {
      hold: commandFile('hold', { steps: [shell(signals.waitFor('hold'))] }),
      work: commandFile('work', { worktree: { branch: 'work', ...worktree }, leases: [{ key: 'web', kind: 'port' }], steps: work }),
    };
    return { config: `[sessions]\nmax_running = ${maxRunning}\n`, commands };
  });
}

/** Queues the command twice behind sessions that take all the room, which they then give back in one moment. */
async function queueTwo({ daemon, signals, repo }: Story, maxRunning: number): Promise<string[]> {
  const holding: string[] = [];
  for (let n = 0; n < maxRunning; n += 1) holding.push((await daemon.start(repo.path, 'hold')).id);
  const queued = [await daemon.start(repo.path, 'work'), await daemon.start(repo.path, 'work')];
  expect(queued.map(({ status }) => status)).toEqual(['queued', 'queued']);
  signals.open('hold');
  for (const id of holding) await daemon.ended(id);
  return queued.map(({ id }) => id);
}

/** What is left once all have ended: the worktree of the one that worked, and nothing of the other. */
async function expectOneWorktree({ daemon, repo }: Story, winner: SessionRecord, commits: readonly string[]): Promise<void> {
  const { worktrees, orphans } = await daemon.client.worktree.list({ project: repo.path });
  expect({ worktrees, orphans }).toMatchObject({ worktrees: [{ path: winner.worktreePath, branch: 'work' }], orphans: [] });
  expect((await repo.git('log', '--reverse', '--format=%s', 'master..work')).split('\n')).toEqual(commits);
  expect((await daemon.client.lease.list({})).leases).toEqual([]);
  expect((await daemon.client.terminal.list({})).terminals).toEqual([]);
  expect(readdirSync(`${daemon.home.stateDir}/env`)).toEqual([]);
}

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

test('of two queued starts for one branch the second fails when its turn comes, says why, and leaves nothing', async () => {
  await using story = await startWithRoom(1, {});
  const { daemon, signals } = story;
  const [first = '', second = ''] = await queueTwo(story, 1);
  signals.open('work');

  const winner = await daemon.ended(first);
  const loser = await daemon.ended(second);

  expect(winner.status).toBe('succeeded');
  const { worktreePath } = winner;
  expect(loser).toMatchObject({ status: 'failed', reason: 'already_exists' });
  expect(loser.error).toContain(`The branch "work" has a worktree already, at "${worktreePath}"`);
  expect(loser.worktreeId).toBeUndefined();
  expect(stepStates(loser)).toEqual(['main skipped not_reached']);
  await expectOneWorktree(story, winner, [first]);
});

test('two of them that are let in in one moment make one worktree, and the other fails', async () => {
  await using story = await startWithRoom(2, {});
  const { daemon, signals } = story;
  const ids = await queueTwo(story, 2);
  signals.open('work');

  const ended = [await daemon.ended(ids[0] as string), await daemon.ended(ids[1] as string)];

  expect(ended.map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
  const winner = ended.find(({ status }) => status === 'succeeded') as SessionRecord;
  expect(ended.find(({ status }) => status === 'failed')).toMatchObject({
    reason: 'already_exists',
    error: expect.stringContaining('"work"'),
  });
  await expectOneWorktree(story, winner, [winner.id]);
});

test('with reuse, queued starts for one branch work in its worktree one after the other', async () => {
  await using story = await startWithRoom(1, { existing: 'reuse' });
  const { daemon, signals } = story;
  const ids = await queueTwo(story, 1);
  signals.open('work');

  const ended = [await daemon.ended(ids[0] as string), await daemon.ended(ids[1] as string)];

  expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  expect(ended[1]?.worktreePath).toBe(ended[0]?.worktreePath);
  await expectOneWorktree(story, ended[0] as SessionRecord, ids);
});

test('with reuse, one that is let in while another works there is told which one does, as is a start at that time', async () => {
  await using story = await startWithRoom(2, { existing: 'reuse' });
  const { repo, daemon, signals } = story;
  const ids = await queueTwo(story, 2);

  await signals.lines('works');
  const { sessions } = await daemon.client.session.list({ command: 'work' });
  const worker = sessions.find(({ worktreePath }) => worktreePath !== undefined);
  const loser = await daemon.ended(ids.find((id) => id !== worker?.id) as string);
  const third = daemon.start(repo.path, 'work');

  await expect(third).rejects.toMatchObject({
    kind: 'ALREADY_EXISTS',
    message: expect.stringContaining(`Session "${worker?.slug}" works in`),
  });
  expect(loser).toMatchObject({ status: 'failed', reason: 'already_exists', error: expect.stringContaining(`"${worker?.slug}"`) });
  expect(stepStates(loser)).toEqual(['main skipped not_reached']);
  signals.open('work');
  const winner = await daemon.ended(worker?.id as string);
  expect(winner.status).toBe('succeeded');
  await expectOneWorktree(story, winner, [winner.id]);
});
