// A worktree that the daemon enters in git's books itself is the same as one of `git worktree add`, and what is not surely the same is
// left to git.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../schemas/errors.ts';
import { bundleProgram } from '../../helpers/bundle-program.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createGitFixture, type GitFixture, newBranch } from './git-fixture.ts';

/** All that git knows of a worktree, without its own name and times. The index holds inodes, so its entries and its size stand for it. */
async function knownOf(f: GitFixture, path: string, id: string, branch: string): Promise<Record<string, unknown>> {
  const adminDir = join(f.test.path, '.git/worktrees', id);
  const names = (await readdir(adminDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const plain = (text: string): string =>
    text
      .replaceAll(path, '<path>')
      .replaceAll(branch, '<branch>')
      .replaceAll(adminDir, '<entry>')
      .replace(/> \d+ [+-]\d{4}/g, '> <time>');
  const read = async (file: string): Promise<string> => plain(await readFile(file, 'utf8').catch(() => 'none'));
  const files = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  const list = (await f.test.git('worktree', 'list', '--porcelain')).trim().split('\n\n').map(plain);
  return {
    files: Object.fromEntries(
      await Promise.all(
        files.map(async (file) => [plain(file), file.endsWith('/index') ? (await readFile(file)).length : await read(file)] as const),
      ),
    ),
    dotGit: await read(join(path, '.git')),
    listed: list.find((block) => block.startsWith('worktree <path>\n')),
    ref: plain(await f.test.git('for-each-ref', `refs/heads/${branch}`)),
    reflog: await read(join(f.test.path, '.git/logs/refs/heads', branch)),
    staged: await f.test.gitIn(path, 'ls-files', '--stage'),
    flags: await f.test.gitIn(path, 'ls-files', '-v'),
    status: plain(await f.test.gitIn(path, 'status', '--porcelain=v2', '--branch', '--ignored')),
    before: await f.test.gitIn(path, 'rev-parse', '@{-1}').catch(() => 'no branch before'),
    head: await f.test.gitIn(path, 'rev-parse', 'HEAD', 'ORIG_HEAD', 'HEAD@{0}', 'HEAD@{1}').catch(() => 'no log'),
    tree: (await readdir(path, { recursive: true })).sort(),
    config: await f.test.gitIn(path, 'config', '--list', '--local'),
  };
}

/** Makes one of each and compares them; answers whether the daemon entered its own. */
async function compare(f: GitFixture, folder = '.'): Promise<boolean> {
  const base = await f.test.git('rev-parse', 'HEAD');
  const [own, gits] = [f.test.beside(join(folder, 'own')), f.test.beside(join(folder, 'git'))];
  await f.test.git('worktree', 'add', '-q', '--no-track', '-b', 'by/git', gits, base);
  const ranBefore = f.calls.length;
  await newBranch(f, 'by/own', { path: own, base });
  const words = f.calls.slice(ranBefore).map(([, word]) => word);
  const wanted = await knownOf(f, gits, 'git', 'by/git');
  expect(await knownOf(f, own, 'own', 'by/own')).toEqual(wanted);
  expect(await f.test.git('fsck', '--no-dangling')).toBe('');
  expect(await f.test.git('worktree', 'prune', '--dry-run', '--verbose')).toBe('');
  for (const path of [own, gits]) await f.test.git('worktree', 'remove', '--force', path);
  expect(await readdir(join(f.test.path, '.git/worktrees')).catch(() => [])).toEqual([]);
  return words.includes('checkout') && !words.includes('worktree');
}

type Setting = (f: GitFixture) => Promise<unknown>;

const plainOnes: readonly (readonly [string, Setting])[] = [
  ['with nothing special', async () => {}],
  ['packed references', (f) => f.test.git('pack-refs', '--all')],
  ['no logs of references', (f) => f.test.git('config', 'core.logAllRefUpdates', 'false')],
  ['settings of its own for worktrees, but none in the main checkout', (f) => f.test.git('config', 'extensions.worktreeConfig', 'true')],
  ['many files, an index of version 4', (f) => f.test.git('config', 'feature.manyFiles', 'true')],
  ['links for references', (f) => f.test.git('config', 'core.preferSymlinkRefs', 'true')],
  ['every branch to follow its base', (f) => f.test.git('config', 'branch.autoSetupMerge', 'always')],
  ['a remote of many guesses', (f) => f.test.git('config', 'checkout.defaultRemote', 'origin')],
  ['submodules to follow', (f) => f.test.git('config', 'submodule.recurse', 'true')],
  ['several checkout workers', (f) => f.test.git('config', 'checkout.workers', '2')],
  ['a hook that only commits run', (f) => f.test.hook('pre-commit', 'exit 1')],
  ['an include that is gone', (f) => f.test.git('config', 'include.path', 'gone')],
  [
    'changed line ends, filters and links',
    async (f) => {
      await f.test.git('config', 'core.autocrlf', 'true');
      await f.test.git('config', 'filter.upper.smudge', 'tr a-z A-Z');
      await f.test.git('config', 'filter.upper.clean', 'tr A-Z a-z');
      await f.test.commit('more', { '.gitattributes': '*.up filter=upper\n', 'a.up': 'text\n', 'deep/er/ü b\n.txt': 'x\r\n' });
    },
  ],
  [
    'the main checkout in disorder',
    async (f) => {
      await f.test.git('checkout', '-q', '--detach');
      await f.test.write('readme.txt', 'changed');
      await f.test.write('new.txt', 'new');
    },
  ],
];

test.each(plainOnes)('%s: entered by the daemon, and just as git does it', async (_name, set) => {
  await using f = await createGitFixture();
  await set(f);
  expect(await compare(f)).toBe(true);
});

test('in a repository of SHA-256', async () => {
  await using f = await createGitFixture({ objectFormat: 'sha256' });
  expect(await compare(f)).toBe(true);
});

test('in folders of odd names', async () => {
  await using f = await createGitFixture({ name: '-re po ü' });
  await mkdir(f.test.beside("a 'b ü"));
  expect(await compare(f, "a 'b ü")).toBe(true);
});

const oddOnes: readonly (readonly [string, Setting])[] = [
  ['a post-checkout hook', (f) => f.test.hook('post-checkout', 'exit 0')],
  ['a hook on references', (f) => f.test.hook('reference-transaction', 'exit 0')],
  ['hooks elsewhere', (f) => f.test.git('config', '--global', 'core.hooksPath', '/nowhere')],
  ['a sparse checkout', (f) => f.test.git('sparse-checkout', 'set', 'deep')],
  ['settings of the main checkout', (f) => writeFile(join(f.test.path, '.git/config.worktree'), '')],
  ['an extension of tomorrow', (f) => writeFile(join(f.test.path, '.git/config'), '[extensions]\n\tunheardOf = x\n', { flag: 'a' })],
  ['a watch of files', (f) => f.test.git('config', 'core.fsmonitor', 'false')],
  ['an index in two', (f) => f.test.git('config', 'core.splitIndex', 'true')],
  ['a shared repository', (f) => f.test.git('config', 'core.sharedRepository', 'group')],
  ['relative links', (f) => f.test.git('config', 'worktree.useRelativePaths', 'true')],
  ['a checkout elsewhere', (f) => f.test.git('config', 'core.worktree', f.test.path)],
  [
    'an include that asks for more',
    async (f) => {
      await writeFile(f.test.beside('home/more'), '[core]\n\thooksPath = /nowhere\n');
      await f.test.git('config', '--global', `includeIf.gitdir:${f.test.path}/.path`, '~/more');
    },
  ],
  ['an include of itself', (f) => f.test.git('config', 'include.path', 'config')],
];

test.each(oddOnes)('with %s git makes it', async (_name, set) => {
  await using f = await createGitFixture();
  await set(f);
  // What git makes of it is its own affair.
  await newBranch(f, 'new').catch(() => undefined);
  expect(f.calls.filter(([, word]) => word === 'worktree')[0]).toContain('add');
  expect(f.calls.filter(([, word]) => word === 'checkout')).toEqual([]);
});

test.each([
  ['in the environment', { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' }],
  ['of the system', { GIT_CONFIG_NOSYSTEM: '0', GIT_CONFIG_SYSTEM: '<system>' }],
])('with settings %s git makes it', async (_name, env) => {
  await using other = await createGitFixture();
  const system = other.test.beside('system');
  await writeFile(system, '[core]\n\thooksPath = /nowhere\n');
  const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('<system>', system)]));
  await using f = await createGitFixture({ env: given });
  await newBranch(f, 'new');
  expect(f.calls.map(([, word]) => word)).toEqual(['worktree']);
});

test('where the settings of the system are is asked of git once', async () => {
  await using f = await createGitFixture({ env: { GIT_CONFIG_NOSYSTEM: '0' } });
  await newBranch(f, 'one');
  await newBranch(f, 'two', { path: f.test.beside('w2') });
  expect(f.calls.filter(([, word]) => word === 'config')).toEqual([['git', 'config', '--system', '--edit']]);
});

test('the same name twice gets a number, as with git; an odd one and one that git knows already are left to git', async () => {
  await using f = await createGitFixture();
  for (const folder of ['a', 'b', 'c']) await mkdir(f.test.beside(folder));
  await newBranch(f, 'one', { path: f.test.beside('a/w') });
  await newBranch(f, 'two', { path: f.test.beside('b/w') });
  await f.test.git('worktree', 'add', '-q', '-b', 'three', f.test.beside('c/w'));
  expect((await readdir(join(f.test.path, '.git/worktrees'))).sort()).toEqual(['w', 'w1', 'w2']);
  expect(f.calls.map(([, word]) => word)).toEqual(['checkout', 'checkout']);
  await newBranch(f, 'odd', { path: f.test.beside('o d:d') });
  expect(f.calls.at(-1)).toContain('worktree');
  expect(await readdir(join(f.test.path, '.git/worktrees'))).toContain('o-d-d');
});

test('without git, nothing is left of an addition, and the next one succeeds', async () => {
  let isMissing = true;
  const before = (): void => {
    if (isMissing) throw new Failure('TOOL_MISSING', 'There is no git.');
  };
  await using f = await createGitFixture({ before });
  await failureOf(newBranch(f, 'new'), 'TOOL_FAILED');
  expect(await readdir(join(f.test.path, '.git/worktrees'))).toEqual([]);
  expect(await readdir(f.test.directory)).not.toContain('w');
  isMissing = false;
  await newBranch(f, 'new');
});

test('killed before any of its steps, the daemon that comes next takes all of it back', { timeout: 180_000 }, async () => {
  await using f = await createGitFixture();
  const program = bundleProgram('add-worktree-killed');
  onTestFinished(() => program[Symbol.dispose]());
  const path = f.test.beside('w');
  const expectedCommit = await f.test.git('rev-parse', 'HEAD');
  const traces = async (): Promise<unknown> => ({
    admin: await readdir(join(f.test.path, '.git/worktrees')).catch(() => []),
    branches: await f.test.git('for-each-ref'),
    list: await f.test.git('worktree', 'list', '--porcelain'),
    beside: (await readdir(f.test.directory)).sort(),
  });
  const before = await traces();
  let steps = Number.POSITIVE_INFINITY;
  for (let count = 1; count <= steps; count++) {
    const { signal, stdout } = spawnSync(process.execPath, [program.path, String(count), f.test.path, path, 'new'], {
      env: { ...f.test.env },
      encoding: 'utf8',
    });
    if (signal === null) steps = Number(stdout);
    // Neither git nor a prune from beside may stumble over it.
    await f.test.git('worktree', 'list', '--porcelain');
    expect(await f.git.rollBackWorktree({ repo: f.repo, path, branch: 'new', expectedCommit })).toBe(true);
    await f.test.git('worktree', 'prune');
    expect(await traces()).toEqual(before);
  }
  // The folders, the four files of the entry, the link to it, git, the notes, the lock.
  expect(steps).toBeGreaterThanOrEqual(11);
});
