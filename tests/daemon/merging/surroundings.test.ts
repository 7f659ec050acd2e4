// Whatever the user's configuration and hooks are, the daemon's own merges come to their end without them.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { type MergingSetup, owner, setUpMerging } from './setup.ts';

vi.setConfig({ testTimeout: 60_000 });

const integration = 'spt/1-task/integration';
const strategies = ['merge', 'squash', 'rebase_ff'] as const;

/** Left-overs, a merge of each strategy, and one taken back. */
async function everything(s: MergingSetup): Promise<void> {
  for (const [n, strategy] of strategies.entries()) {
    const { worktree } = await s.work(n, { [`${strategy}.txt`]: '1\n' });
    await s.f.test.write(`${strategy}-left.txt`, '2\n', worktree.path);
    await s.merging.commitLeftovers(worktree.path, 'Left');
    const { commit, before } = await s.merge(worktree, strategy);
    await s.merging.revert(s.task(), { into: integration, before, commit });
    await s.merge(worktree, strategy);
  }
  const made = strategies.flatMap((strategy) => [`${strategy}.txt`, `${strategy}-left.txt`]);
  expect(await s.files(integration)).toEqual([...made, 'readme.txt', 'shared.txt'].sort());
}

/** A second work session, so that a rebase has something to rewrite. */
async function diverged(s: MergingSetup): Promise<void> {
  const one = await s.work(11, { 'eleven.txt': '1\n' });
  const two = await s.work(12, { 'twelve.txt': '2\n' });
  await s.merge(one.worktree, 'rebase_ff');
  await s.merge(two.worktree, 'rebase_ff');
}

test('hooks of the repository neither run nor stop it', async () => {
  await using s = await setUpMerging();
  await s.merging.ensureIntegration(s.task());
  // The commits of agents in their worktrees are theirs; these come after.
  const ran = s.f.test.beside('ran');
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  await s.f.test.write('left.txt', 'l\n', one.worktree.path);
  const hooks = ['pre-commit', 'commit-msg', 'post-commit', 'pre-merge-commit', 'post-merge', 'pre-rebase', 'post-rewrite'];
  for (const name of [...hooks, 'reference-transaction', 'post-index-change'])
    await s.f.test.hook(name, `echo ${name} >> '${ran}'\nexit 1`);
  await s.merging.commitLeftovers(one.worktree.path, 'Left');
  const { before, commit } = await s.merge(one.worktree, 'squash');
  await s.merging.revert(s.task(), { into: integration, before, commit });
  await s.merge(one.worktree, 'merge');
  await s.merge(two.worktree, 'rebase_ff');
  expect(existsSync(ran) ? await readFile(ran, 'utf8') : '').toBe('');
  expect(await s.files(integration)).toEqual(['left.txt', 'one.txt', 'readme.txt', 'shared.txt', 'two.txt']);
});

test('commits that must be signed, with no key to sign them, do not stop it', async () => {
  await using s = await setUpMerging();
  const { worktree } = await s.work(21, { 'first.txt': '1\n' });
  const others = [await s.work(22, { 'second.txt': '2\n' }), await s.work(23, { 'third.txt': '3\n' })];
  await s.f.test.write('left.txt', 'l\n', worktree.path);
  await s.f.test.git('config', 'commit.gpgsign', 'true');
  await s.f.test.git('config', 'gpg.program', '/bin/false');
  await s.merging.commitLeftovers(worktree.path, 'Left');
  await s.merge(worktree, 'merge');
  await s.merge((others[0] as (typeof others)[0]).worktree, 'squash');
  await s.merge((others[1] as (typeof others)[0]).worktree, 'rebase_ff');
  expect(await s.files(integration)).toEqual(['first.txt', 'left.txt', 'readme.txt', 'second.txt', 'shared.txt', 'third.txt']);
  // What lands by a commit is the user's word, and is signed or refused; a fast-forward needs none.
  await s.changeTask({ status: 'implementation_review' });
  await s.f.test.git('checkout', '--quiet', '--detach');
  const base = await s.tip('master');
  await failureOf(s.landing.land(s.task(), { landing: 'merge' }, owner), 'TOOL_FAILED');
  expect(await s.tip('master')).toBe(base);
  expect(s.task().status).toBe('implementation_review');
  expect(await s.landing.land(s.task(), { landing: 'ff' }, owner)).toMatchObject({ status: 'done' });
});

test('where git knows no identity, the commits are of coppice; a rebased one keeps its author', async () => {
  await using s = await setUpMerging();
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  const three = await s.work(3, { 'three.txt': '3\n' });
  await s.f.test.write('left.txt', 'l\n', one.worktree.path);
  await writeFile(String(s.f.test.env.GIT_CONFIG_GLOBAL), '[user]\n\tuseConfigOnly = true\n');
  await s.merging.commitLeftovers(one.worktree.path, 'Left');
  await s.merge(one.worktree, 'merge');
  await s.merge(two.worktree, 'squash');
  await s.merge(three.worktree, 'rebase_ff');
  const log = await s.f.test.git('log', '--first-parent', '-3', '--format=%an <%ae> by %cn', integration);
  const own = 'coppice <coppice@localhost> by coppice';
  expect(log.split('\n')).toEqual(['Test <test@example.org> by coppice', own, own]);
});

test('settings that make a merge stop or stash do not', async () => {
  await using s = await setUpMerging();
  for (const [name, value] of Object.entries({
    ...{ 'merge.ff': 'only', 'pull.rebase': 'true', 'rebase.autoSquash': 'true', 'merge.verifySignatures': 'true' },
    ...{ 'commit.template': '/nowhere', 'core.editor': 'false', 'merge.log': 'true', 'commit.cleanup': 'scissors' },
  })) {
    await s.f.test.git('config', name, value);
  }
  await everything(s);
  await diverged(s);
});

test('a git that died over the index of the integration worktree is forgotten', async () => {
  await using s = await setUpMerging();
  const { worktree } = await s.work(1, { 'one.txt': '1\n' });
  const { worktreePath } = await s.merging.ensureIntegration(s.task());
  await writeFile(join(await s.f.test.gitIn(worktreePath, 'rev-parse', '--absolute-git-dir'), 'index.lock'), '');
  await s.merge(worktree);
  expect(await s.files(integration)).toContain('one.txt');
});

test('a folder of a name with blanks, quotes and umlauts is a folder like any other', async () => {
  await using s = await setUpMerging({ files: { "a 'b' ü/c.txt": '1\n', 'shared.txt': 'base\n' } });
  const { worktree } = await s.work(1, { "a 'b' ü/d.txt": '2\n' });
  await s.merge(worktree, 'squash');
  expect(await s.f.test.git('show', `${integration}:a 'b' ü/d.txt`)).toBe('2');
});
