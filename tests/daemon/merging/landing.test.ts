// What is on the integration branch lands on its base: never by force, never in a checkout of the user's.
import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { byDaemon } from '../../../daemon/kernel/origin.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { type MergingSetup, owner, setUpMerging } from './setup.ts';

vi.setConfig({ testTimeout: 60_000 });

const integration = 'spt/1-task/integration';
const landings = ['ff', 'merge', 'squash'] as const;

async function leaveBase(s: MergingSetup): Promise<void> {
  await s.f.test.git('checkout', '--quiet', '-b', 'elsewhere');
}

/** The base gets a commit that the integration branch lacks, without being checked out. */
async function moveBase(s: MergingSetup, files: Record<string, string>): Promise<string> {
  const path = s.f.test.beside('mover');
  await s.f.test.git('worktree', 'add', '-q', path, 'master');
  const commit = await s.f.test.commit('meanwhile', files, path);
  await s.f.test.git('worktree', 'remove', path);
  return commit;
}

test.each(landings)('%s: where nobody has the base checked out, the base moves and nothing else does', async (landing) => {
  await using s = await setUpMerging();
  const { head } = await s.reviewed();
  await leaveBase(s);
  const { base, print } = (await s.users()) as { base: string; print: unknown };
  const landed = await s.landing.land(s.task(), { landing, message: 'Land it' }, owner);
  expect(landed).toMatchObject({ status: 'done', landedCommit: await s.tip('master') });
  expect(await s.files('master')).toEqual(['new.txt', 'readme.txt', 'shared.txt']);
  const parents = (await s.f.test.git('log', '-1', '--format=%P', 'master')).split(' ');
  expect(parents).toEqual({ ff: parents, merge: [base, head], squash: [base] }[landing]);
  expect(await s.f.test.git('log', '-1', '--format=%s', 'master')).toBe(landing === 'ff' ? 'Merge the work (#1)' : 'Land it');
  expect(((await s.users()) as { print: unknown }).print).toEqual(print);
  expect(s.stopped).toEqual([s.task().id]);
  expect(s.events('specTask.landed')).toBe(1);
});

test.each(landings)('%s: a base that is checked out in the main checkout stays as it is, and the command is told', async (landing) => {
  await using s = await setUpMerging();
  await s.reviewed();
  await writeFile(join(s.f.test.path, 'new.txt'), 'in the way\n');
  const before = await s.users();
  const { details } = await failureOf(s.landing.land(s.task(), { landing }, owner), 'PRECONDITION');
  const git = `git -C ${s.f.test.path} `;
  const command = {
    ff: `${git}merge --ff-only ${integration}`,
    merge: `${git}merge --no-ff ${integration}`,
    squash: `${git}merge --squash ${integration} && ${git}commit`,
  };
  expect(details).toEqual({ reason: 'base_checked_out', path: s.f.test.path, command: command[landing] });
  expect(await s.users()).toEqual(before);
  expect(s.task().status).toBe('implementation_review');
  expect(s.attention()).toEqual(['base_checked_out']);
  await failureOf(s.landing.land(s.task(), { landing }, owner), 'PRECONDITION');
  expect(s.attention()).toEqual(['base_checked_out']);
});

test.each(landings)('%s: once the user has run the command, it has landed without a change', async (landing) => {
  await using s = await setUpMerging();
  await s.reviewed();
  const { details } = await failureOf(s.landing.land(s.task(), { landing }, owner), 'PRECONDITION');
  const words = String(details?.command)
    .split(' && ')
    .map((one) => one.split(' ').slice(3));
  for (const args of words) await s.f.test.git(...args, ...(args[0] === 'commit' || args.includes('--no-ff') ? ['--no-edit'] : []));
  const before = await s.users();
  const landed = await s.landing.land(s.task(), { landing }, owner);
  expect(landed).toMatchObject({ status: 'done', landedCommit: await s.tip('master') });
  expect(await s.users()).toEqual(before);
  expect(s.attention()).toEqual([]);
  expect(s.events('worktree.merged')).toBe(1);
});

test('a base that is checked out in a worktree that is not ours stays as it is', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await leaveBase(s);
  const path = s.f.test.beside("their 'own'");
  await s.f.test.git('worktree', 'add', '-q', path, 'master');
  const before = await s.users();
  const { details } = await failureOf(s.landing.land(s.task(), { landing: 'ff' }, owner), 'PRECONDITION');
  const command = `git -C '${path.replaceAll("'", "'\\''")}' merge --ff-only ${integration}`;
  expect(details).toEqual({ reason: 'base_checked_out', path, command });
  expect(await s.f.test.gitIn(path, 'status', '--porcelain')).toBe('');
  expect(await s.users()).toEqual(before);
});

test('a base that is checked out in a worktree of ours moves with its files, but not over changes', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await leaveBase(s);
  const { path } = await s.worktrees.create({ project: s.project, branch: 'master', allowExistingBranch: true }, byDaemon);
  await s.f.test.write('new.txt', 'mine\n', path);
  const { details } = await failureOf(s.landing.land(s.task(), { landing: 'ff' }, owner), 'PRECONDITION');
  expect(details).toEqual({ reason: 'base_dirty', path });
  await s.f.test.gitIn(path, 'clean', '-qf');
  await s.landing.land(s.task(), { landing: 'ff' }, owner);
  expect(await s.f.test.gitIn(path, 'status', '--porcelain')).toBe('');
  expect(await s.f.test.gitIn(path, 'show', 'HEAD:new.txt')).toBe('new');
});

test('a base that moved refuses a fast-forward and says what else there is; merge and squash keep both', async () => {
  for (const landing of ['merge', 'squash'] as const) {
    await using s = await setUpMerging();
    await s.reviewed();
    await leaveBase(s);
    const moved = await moveBase(s, { 'meanwhile.txt': 'm\n' });
    const refused = await failureOf(s.landing.land(s.task(), { landing: 'ff' }, owner), 'PRECONDITION');
    expect(refused.details).toEqual({ reason: 'not_fast_forward', branch: integration, into: 'master' });
    expect(refused.message).toContain('squash');
    expect(await s.tip('master')).toBe(moved);
    await s.landing.land(s.task(), { landing }, owner);
    expect(await s.files('master')).toEqual(['meanwhile.txt', 'new.txt', 'readme.txt', 'shared.txt']);
    expect(await s.f.test.git('merge-base', '--is-ancestor', moved, 'master')).toBe('');
  }
});

test('a base that moved into a conflict is left alone, and the files are told', async () => {
  await using s = await setUpMerging();
  await s.reviewed({ 'shared.txt': 'ours\n' });
  await leaveBase(s);
  const moved = await moveBase(s, { 'shared.txt': 'theirs\n' });
  const { details } = await failureOf(s.landing.land(s.task(), {}, owner), 'GIT_CONFLICT');
  expect(details).toEqual({ files: ['shared.txt'] });
  expect(await s.tip('master')).toBe(moved);
  expect(s.task().status).toBe('implementation_review');
});

test('a base that a hook protects is left alone', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await leaveBase(s);
  await s.f.test.hook('reference-transaction', 'test "$1" != prepared || ! grep -q refs/heads/master');
  const base = await s.tip('master');
  for (const landing of landings) await failureOf(s.landing.land(s.task(), { landing }, owner), 'TOOL_FAILED');
  expect(await s.tip('master')).toBe(base);
  expect(s.task().status).toBe('implementation_review');
});

test('a base that is gone, or is no local branch, is named', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await s.changeTask({ baseBranch: 'mastre' });
  expect((await failureOf(s.landing.land(s.task(), {}, owner), 'NOT_FOUND')).message).toContain('"mastre"');
  await s.changeTask({ baseBranch: integration });
  expect((await failureOf(s.landing.land(s.task(), {}, owner), 'PRECONDITION')).details).toEqual({ reason: 'same_branch' });
});

test('landing again, and by two at once, lands once', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await leaveBase(s);
  const task = s.task();
  const both = await Promise.all([s.landing.land(task, { landing: 'merge' }, owner), s.landing.land(task, { landing: 'merge' }, owner)]);
  const again = await s.landing.land(s.task(), { landing: 'merge' }, owner);
  expect(new Set([...both, again].map(({ landedCommit }) => landedCommit))).toEqual(new Set([await s.tip('master')]));
  expect(s.events('specTask.landed')).toBe(1);
  expect(await s.f.test.git('rev-list', '--count', '--first-parent', 'master')).toBe('3');
});

test('after a crash between the landing and its record, the landing is found and recorded', async () => {
  for (const landing of landings) {
    await using s = await setUpMerging();
    await s.reviewed();
    await leaveBase(s);
    // All of a landing but its last transaction.
    const mode = { ff: 'ff', merge: 'no-ff', squash: 'squash' } as const;
    await s.worktrees.merge(await s.merging.integration(s.task()), { into: 'master', mode: mode[landing] }, byDaemon);
    const tip = await s.tip('master');
    expect(await s.landing.land(s.task(), { landing }, owner)).toMatchObject({ status: 'done', landedCommit: tip });
    expect(await s.tip('master')).toBe(tip);
  }
});

test('only what is in review is approved or landed; without a landing it is done as it is', async () => {
  await using s = await setUpMerging();
  await failureOf(s.landing.land(s.task(), {}, owner), 'INVALID_TRANSITION');
  await failureOf(s.landing.approve(s.task(), undefined, owner), 'INVALID_TRANSITION');
  await s.reviewed();
  await failureOf(s.landing.approve(s.task(), s.task().version - 1, owner), 'CONFLICT');
  const before = await s.users();
  const done = await s.landing.approve(s.task(), s.task().version, owner);
  expect(done.status).toBe('done');
  expect(done.landedCommit).toBeUndefined();
  expect(await s.users()).toEqual(before);
  expect(await s.landing.approve(s.task(), undefined, owner)).toEqual(done);
  await leaveBase(s);
  expect(await s.landing.land(s.task(), { landing: 'ff' }, owner)).toMatchObject({ status: 'done', landedCommit: await s.tip('master') });
  expect(await s.files('master')).toContain('new.txt');
  expect(s.events('specTask.landed')).toBe(1);
});

test('approving lands the way the task says, and stays in review when that is refused', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  await s.changeTask({ landing: 'squash' });
  await failureOf(s.landing.approve(s.task(), undefined, owner), 'PRECONDITION');
  expect(s.task().status).toBe('implementation_review');
  await leaveBase(s);
  expect(await s.landing.approve(s.task(), undefined, owner)).toMatchObject({ status: 'done', landedCommit: await s.tip('master') });
});

test('a pull request without gh or a remote is refused before anything is pushed', async () => {
  await using s = await setUpMerging();
  await s.reviewed();
  const error = await s.landing.land(s.task(), { landing: 'pr' }, owner).catch((reason: unknown) => reason);
  expect(['TOOL_MISSING', 'PRECONDITION']).toContain((error as { kind: string }).kind);
  expect(s.task().status).toBe('implementation_review');
});

test('a pull request is opened from the pushed integration branch, and the base stays where it is', async () => {
  using bin = createTempDir();
  writeFileSync(
    bin.at('gh'),
    `#!/bin/sh\n[ "$1" = --version ] && exit\necho "$@" > ${bin.at('asked')}\necho https://example.org/pull/7\n`,
    { mode: 0o755 },
  );
  await using s = await setUpMerging({ env: { PATH: `${bin.path}:${process.env.PATH}` } });
  const { head } = await s.reviewed();
  await s.f.test.git('init', '--quiet', '--bare', s.f.test.beside('remote.git'));
  await s.f.test.git('remote', 'add', 'origin', s.f.test.beside('remote.git'));
  const before = await s.users();
  const landed = await s.landing.land(s.task(), { landing: 'pr', message: 'Add it\n\nAll of it.' }, owner);
  expect(landed).toMatchObject({ status: 'done', pullRequestUrl: 'https://example.org/pull/7' });
  expect(await s.f.test.gitIn(s.f.test.beside('remote.git'), 'rev-parse', integration)).toBe(head);
  expect(readFileSync(bin.at('asked'), 'utf8')).toContain(`--title=Add it --body-file=- --head=${integration} --base=master`);
  expect(await s.users()).toEqual(before);
  // Pushed, so the checkout may go; not merged, so the branch stays.
  expect(await s.tip(integration)).toBe(head);
});
