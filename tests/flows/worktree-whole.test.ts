// The whole life of a worktree beyond making it: removed by force and restored, adopted, committed, merged, compared.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Worktree } from '../../schemas/worktree.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { type TreePrint, treePrint } from '../helpers/tree-print.ts';
import { until } from '../helpers/until.ts';

async function createWorktree(daemon: RealDaemon, repo: TestRepo, branch: string, base?: string): Promise<Worktree> {
  const project = await daemon.client.project.add({ path: repo.path });
  return daemon.client.worktree.create({ project: project.id, branch, ...(base === undefined ? {} : { base }) });
}

async function failureOf(promise: Promise<unknown>, kind: string): Promise<Record<string, unknown>> {
  const error = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ kind });
  return (error as { details: Record<string, unknown> }).details;
}

/** Work of every kind, with an unmerged commit; answers how it looks. */
async function fillWithWork(repo: TestRepo, { path }: Worktree): Promise<TreePrint> {
  await repo.commit('unmerged', { 'committed.txt': 'c\n', 'gone.txt': 'g\n', 'both.txt': '1\n' }, path);
  writeFileSync(join(path, 'staged.txt'), 'staged\n');
  writeFileSync(join(path, 'both.txt'), '2\n');
  await repo.gitIn(path, 'add', 'staged.txt', 'both.txt');
  writeFileSync(join(path, 'both.txt'), '3\n');
  writeFileSync(join(path, 'readme.txt'), 'unstaged\n');
  unlinkSync(join(path, 'gone.txt'));
  mkdirSync(join(path, 'new'));
  writeFileSync(join(path, 'new/run ü.sh'), '#!/bin/sh\n');
  chmodSync(join(path, 'new/run ü.sh'), 0o755);
  symlinkSync('new/run ü.sh', join(path, 'link'));
  writeFileSync(join(path, '.env.local'), 'SECRET=1\n');
  chmodSync(join(path, '.env.local'), 0o600);
  mkdirSync(join(path, '.vscode'));
  writeFileSync(join(path, '.vscode/settings.json'), '{}\n');
  writeFileSync(join(path, 'listed.key'), 'k\n');
  return treePrint(repo, path);
}

async function repoWithIgnores(): Promise<TestRepo> {
  const repo = await createTestRepo();
  await repo.commit('ignores', { '.gitignore': '.env*\n.vscode/\n*.key\nbuild/\n', '.worktreeinclude': '*.key\n' });
  return repo;
}

test('a forced removal saves everything, and restore brings back every byte, mode and index entry', async () => {
  await using repo = await repoWithIgnores();
  await using daemon = await startRealDaemon();
  const main = await repo.fingerprint();
  const worktree = await createWorktree(daemon, repo, 'work');
  const before = await fillWithWork(repo, worktree);
  const tip = await repo.git('rev-parse', 'work');
  const shared = { main, stash: await repo.git('stash', 'list'), branches: await repo.git('branch', '--list', 'master') };

  await failureOf(daemon.client.worktree.remove({ worktree: worktree.id }), 'WORK_AT_RISK');
  const removed = await daemon.client.worktree.remove({ worktree: worktree.id, force: true });

  const ref = `refs/coppice/removed/${worktree.id}`;
  expect(removed).toEqual({ branchDeleted: true, savedAs: ref });
  expect(existsSync(worktree.path)).toBe(false);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  const { removed: listed } = await daemon.client.worktree.listRemoved({ project: repo.path });
  expect(listed).toMatchObject([{ id: worktree.id, branch: 'work', path: worktree.path, ref, files: expect.any(Number) }]);
  expect((await daemon.events({ types: ['worktree.saved', 'worktree.removed'] })).map(({ type }) => type)).toEqual([
    'worktree.saved',
    'worktree.removed',
  ]);
  await repo.git('reflog', 'expire', '--expire=now', '--all');
  await repo.git('gc', '--quiet', '--prune=now');

  const back = await daemon.cli(['worktree', 'restore', worktree.id], { cwd: repo.path });

  expect(back).toMatchObject({ exitCode: 0, stdout: `${worktree.path}\n` });
  expect(await treePrint(repo, worktree.path)).toEqual(before);
  expect(await repo.git('rev-parse', 'work')).toBe(tip);
  expect(await daemon.client.worktree.get({ worktree: 'work' })).toMatchObject({ id: worktree.id, status: 'present', head: tip });
  expect((await daemon.client.worktree.listRemoved({})).removed).toEqual([]);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('locked');
  expect({
    main: await repo.fingerprint(),
    stash: await repo.git('stash', 'list'),
    branches: await repo.git('branch', '--list', 'master'),
  }).toEqual(shared);
  await failureOf(daemon.client.worktree.restore({ id: worktree.id }), 'NOT_FOUND');
});

test('force gives way to a process inside, to whoever stands inside, to a lock and to a repository inside', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'busy');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  const remove = (more: { callerDirectory?: string } = {}) =>
    failureOf(daemon.client.worktree.remove({ worktree: worktree.id, force: true, ...more }), 'WORK_AT_RISK');
  const child = spawn('sleep', ['300'], { cwd: worktree.path, stdio: 'ignore' });
  try {
    expect((await remove()).processes).toEqual([{ pid: child.pid, command: 'sleep 300' }]);
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  expect((await remove({ callerDirectory: worktree.path })).reasons).toEqual([expect.stringContaining('caller')]);
  await repo.git('worktree', 'lock', worktree.path);
  expect((await remove()).reasons).toEqual([expect.stringContaining('locked')]);
  await repo.git('worktree', 'unlock', worktree.path);
  await repo.gitIn(worktree.path, 'init', '--quiet', 'nested');
  expect((await remove()).paths).toEqual(['nested']);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
  rmSync(join(worktree.path, 'nested'), { recursive: true });
  const commit = await repo.commit('nowhere else', { 'y.txt': 'y' }, worktree.path);
  const plain = await failureOf(daemon.client.worktree.remove({ worktree: worktree.id }), 'WORK_AT_RISK');
  expect(plain.commits).toMatchObject([{ commit }]);
});

test('what is taken meanwhile keeps a restore away, and the saved work stays', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  await repo.commit('one', {}, worktree.path);
  await daemon.client.worktree.remove({ worktree: worktree.id, force: true });
  const restore = (kind: string) => failureOf(daemon.client.worktree.restore({ id: worktree.id }), kind);
  mkdirSync(worktree.path, { recursive: true });
  expect(await restore('ALREADY_EXISTS')).toMatchObject({ path: worktree.path });
  await repo.gitIn(repo.directory, 'init', '--quiet', worktree.path);
  await restore('ALREADY_EXISTS');
  rmSync(worktree.path, { recursive: true });
  await repo.git('branch', 'work', 'master');
  await restore('CONFLICT');
  const other = await createWorktree(daemon, repo, 'work');
  await restore('ALREADY_EXISTS');
  await daemon.client.worktree.remove({ worktree: other.id });
  await repo.git('branch', '-D', 'work').catch(() => undefined);
  await daemon.client.worktree.restore({ id: worktree.id });
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
});

test('a daemon that is killed between saving and removing loses nothing, and one killed amid the removal ends it', async () => {
  await using repo = await repoWithIgnores();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  const before = await fillWithWork(repo, worktree);
  const after = (await daemon.client.daemon.status()).cursor;
  const leave = new AbortController();
  const call = daemon.client.worktree.remove({ worktree: worktree.id, force: true }).catch(() => undefined);
  for await (const event of daemon.client.events({ after, signal: leave.signal })) {
    if (event.type !== 'worktree.saved') continue;
    process.kill(daemon.pid, 'SIGKILL');
    leave.abort();
    break;
  }
  await daemon.kill();
  await daemon.again();
  await call;

  const { worktrees } = await daemon.client.worktree.list({ project: repo.path });
  if (worktrees.length === 0) await daemon.client.worktree.restore({ id: worktree.id });
  expect(await treePrint(repo, worktree.path)).toEqual(before);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');

  // As after a death between the rename and the row: the reference is there, the directory and git's entry are not.
  const cut = await createWorktree(daemon, repo, 'cut');
  const work = await fillWithWork(repo, cut);
  await daemon.client.worktree.remove({ worktree: cut.id, force: true });
  const tip = await repo.git('rev-parse', `refs/coppice/removed/${cut.id}`);
  await daemon.client.worktree.restore({ id: cut.id });
  await repo.git('update-ref', `refs/coppice/removed/${cut.id}`, tip);
  await daemon.stop();
  await repo.git('worktree', 'remove', '--force', cut.path);
  await daemon.again();
  expect((await daemon.client.worktree.listRemoved({})).removed).toMatchObject([{ id: cut.id, branch: 'cut' }]);
  await daemon.client.worktree.restore({ id: cut.id });
  expect(await treePrint(repo, cut.path)).toEqual(work);
});

test('a session with keep "never" saves the work of its worktree before it goes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const steps = [shell('echo precious > new.txt; git commit --allow-empty -qm unmerged')];
  const commands = { never: commandFile('never', { worktree: { branch: 'never', keep: 'never' }, steps }) };
  await using daemon = await startRealDaemon({ home, commands });
  const session = await daemon.start(repo.path, 'never');
  const ended = await daemon.ended(session.id);
  expect(ended.status).toBe('succeeded');
  expect((await daemon.client.worktree.list({})).worktrees).toEqual([]);
  const [saved] = (await daemon.client.worktree.listRemoved({})).removed;
  expect(saved).toMatchObject({ branch: 'never', files: 1 });
  const back = await daemon.client.worktree.restore({ id: saved?.id as string });
  expect(await repo.gitIn(back.path, 'status', '--porcelain')).toBe('?? new.txt');
  expect(await repo.git('log', '-1', '--format=%s', 'never')).toBe('unmerged');
});

test('adopt, commit and merge into a branch; a checkout of the user is never moved', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const main = await repo.fingerprint();
  await repo.git('branch', 'next');
  const path = repo.beside('theirs');
  await repo.git('worktree', 'add', '-q', '-b', 'theirs', path);
  await failureOf(daemon.client.worktree.adopt({ path }), 'NOT_FOUND');
  await daemon.client.project.add({ path: repo.path });
  const adopted = await daemon.client.worktree.adopt({ path });
  expect(adopted).toMatchObject({ path, branch: 'theirs', base: 'master', branchCreated: false, status: 'present' });
  await failureOf(daemon.client.worktree.adopt({ path }), 'ALREADY_EXISTS');
  expect(await failureOf(daemon.client.worktree.adopt({ path: repo.path }), 'PRECONDITION')).toMatchObject({ reason: 'main_checkout' });
  await failureOf(daemon.client.worktree.adopt({ path: repo.directory }), 'NOT_FOUND');

  writeFileSync(join(path, 'work.txt'), 'w\n');
  await failureOf(daemon.client.worktree.commit({ worktree: 'theirs', message: 'work' }), 'PRECONDITION');
  const made = await daemon.client.worktree.commit({ worktree: 'theirs', message: 'work', all: true });
  expect(made).toEqual({ commit: await repo.git('rev-parse', 'theirs'), files: 1 });

  const refused = await failureOf(daemon.client.worktree.merge({ worktree: 'theirs' }), 'PRECONDITION');
  expect(refused).toEqual({ reason: 'base_checked_out', path: repo.path, command: `git -C ${repo.path} merge --no-ff theirs` });
  const merged = await daemon.client.worktree.merge({ worktree: 'theirs', into: 'next', message: 'joined' });
  expect(merged).toMatchObject({ into: 'next', upToDate: false, commit: await repo.git('rev-parse', 'next') });
  expect(await repo.git('log', '-1', '--format=%s', 'next')).toBe('joined');
  expect(await daemon.client.worktree.merge({ worktree: 'theirs', into: 'next' })).toMatchObject({ upToDate: true, commit: merged.commit });
  await failureOf(daemon.client.worktree.merge({ worktree: 'theirs', into: 'nowhere' }), 'NOT_FOUND');

  // A target in a worktree of the daemon's own moves with its files.
  const target = await createWorktree(daemon, repo, 'target', 'master');
  writeFileSync(join(target.path, 'dirty.txt'), 'd');
  const dirty = await failureOf(daemon.client.worktree.merge({ worktree: 'theirs', into: 'target', mode: 'squash' }), 'PRECONDITION');
  expect(dirty).toMatchObject({ reason: 'base_dirty' });
  unlinkSync(join(target.path, 'dirty.txt'));
  await daemon.client.worktree.merge({ worktree: 'theirs', into: 'target', mode: 'squash' });
  expect(await repo.gitIn(target.path, 'status', '--porcelain')).toBe('');
  expect(existsSync(join(target.path, 'work.txt'))).toBe(true);

  const clash = await createWorktree(daemon, repo, 'clash', 'master');
  await repo.commit('clash', { 'work.txt': 'other\n' }, clash.path);
  const refs = await repo.git('for-each-ref');
  expect(await failureOf(daemon.client.worktree.merge({ worktree: 'clash', into: 'next' }), 'GIT_CONFLICT')).toEqual({
    files: ['work.txt'],
  });
  expect(await repo.git('for-each-ref')).toBe(refs);
  expect(readdirSync(join(daemon.home.worktreesDir, '.merges'))).toEqual([]);
  expect(await repo.fingerprint()).toBe(main);
  const types = ['worktree.adopted', 'worktree.committed', 'worktree.merged'];
  expect((await daemon.events({ types })).map(({ type }) => type)).toEqual([...types, 'worktree.merged']);
});

test('the user’s directory beside an adopted worktree is swept of nothing', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await daemon.client.project.add({ path: repo.path });
  await repo.git('worktree', 'add', '-q', repo.beside('theirs'));
  await daemon.client.worktree.adopt({ path: repo.beside('theirs') });
  mkdirSync(repo.beside('.trash-1000'));
  await daemon.restart();
  expect(existsSync(repo.beside('.trash-1000'))).toBe(true);
});

test('predicted conflicts of twelve branches are those that git merge has', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const lines = Array.from({ length: 30 }, (_, line) => `line ${line}`);
  const edited = (at: number, text: string): string => `${lines.with(at, text).join('\n')}\n`;
  await repo.commit('base', { 'a.txt': `${lines.join('\n')}\n`, 'b.txt': 'b\n', 'dir/c.txt': 'c\n', 'd.txt': 'd\n' });
  const main = await repo.fingerprint();
  const changes: ((path: string, name: string) => Promise<unknown>)[] = [
    (path, name) => repo.commit(name, { 'a.txt': edited(2, name) }, path),
    (path, name) => repo.commit(name, { 'a.txt': edited(20, name) }, path),
    (path, name) => repo.commit(name, { 'b.txt': `${name}\n`, 'a.txt': edited(2, name) }, path),
    async (path, name) => repo.gitIn(path, 'rm', '-q', 'b.txt').then(() => repo.commit(name, {}, path)),
    async (path, name) => repo.gitIn(path, 'mv', 'dir', 'moved').then(() => repo.commit(name, { 'moved/c.txt': `${name}\n` }, path)),
    (path, name) => repo.commit(name, { 'new ü.txt': `${name}\n` }, path),
    (path, name) => repo.commit(name, { 'new ü.txt': `${name}\n`, 'dir/c.txt': `${name}\n` }, path),
    (path, name) => repo.commit(name, { 'd.txt': `${name}\n` }, path),
    async (path, name) => repo.gitIn(path, 'rm', '-q', 'd.txt').then(() => repo.commit(name, { 'd.txt/inside.txt': name }, path)),
    (path, name) => repo.commit(name, { 'other.txt': name }, path),
    async (path) => path,
    (path, name) => repo.commit(name, { 'a.txt': edited(2, 'same'), 'b.txt': 'same\n' }, path),
  ];
  for (const [at, change] of changes.entries()) {
    const name = `branch-${String(at).padStart(2, '0')}`;
    await change((await createWorktree(daemon, repo, name, 'master')).path, name);
  }

  const project = repo.path;
  const { branches, conflicts } = await daemon.client.worktree.predictConflicts({ project });

  expect(branches).toHaveLength(12);
  const trial = repo.beside('trial');
  await repo.git('worktree', 'add', '-q', '--detach', trial);
  const real: Record<string, string[]> = {};
  for (const [at, a] of branches.entries()) {
    for (const b of branches.slice(at + 1)) {
      await repo.gitIn(trial, 'checkout', '-q', '--force', '--detach', a);
      await repo.gitIn(trial, 'merge', '--quiet', '--no-edit', b).catch(() => undefined);
      const unmerged = (await repo.gitIn(trial, 'ls-files', '-u', '-z')).split('\0').filter((line) => line !== '');
      const files = [...new Set(unmerged.map((line) => line.slice(line.indexOf('\t') + 1).replace(/~(HEAD|branch-\d\d)$/, '')))].sort();
      if (files.length > 0) real[`${a} ${b}`] = files;
      await repo.gitIn(trial, 'reset', '-q', '--hard');
      await repo.gitIn(trial, 'clean', '-q', '-fdx');
    }
  }
  expect(Object.keys(real).length).toBeGreaterThan(5);
  expect(Object.fromEntries(conflicts.map(({ a, b, files }) => [`${a} ${b}`, files]))).toEqual(real);
  await repo.git('worktree', 'remove', '--force', trial);
  expect(await repo.fingerprint()).toBe(main);
  expect(readdirSync(daemon.home.worktreesDir).filter((name) => name.startsWith('.scratch'))).toEqual([]);
  expect((await daemon.cli(['worktree', 'conflicts'], { cwd: repo.path })).stdout).toContain('a.txt');
  await failureOf(daemon.client.worktree.predictConflicts({ project, branches: ['branch-00', 'nowhere'] }), 'NOT_FOUND');
});

test('a pull request is pushed and opened with gh, and each failure says what it was', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const bin = home.path('bin');
  mkdirSync(bin);
  const gh = (script: string): void => writeFileSync(join(bin, 'gh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await using daemon = await startRealDaemon({ home, env: { PATH: `${bin}:${process.env.PATH}` } });
  const worktree = await createWorktree(daemon, repo, 'work');
  await repo.commit('one', { 'one.txt': '1' }, worktree.path);
  const open = () =>
    daemon.client.worktree.openPullRequest({ worktree: 'work', title: 'A title', body: 'text', base: 'master', draft: true });
  if (!existsSync('/usr/bin/gh')) await failureOf(open(), 'TOOL_MISSING');
  gh(`[ "$1" = --version ] && exit 0; echo "$@" > ${home.path('args')}; cat > ${home.path('body')}; echo https://example.org/pull/7`);
  expect(await failureOf(open(), 'PRECONDITION')).toMatchObject({ reason: 'no_remote' });
  await repo.gitIn(repo.directory, 'init', '--quiet', '--bare', 'remote.git');
  await repo.git('remote', 'add', 'origin', repo.beside('remote.git'));
  expect(await open()).toEqual({ url: 'https://example.org/pull/7' });
  expect(await repo.gitIn(repo.beside('remote.git'), 'rev-parse', 'work')).toBe(await repo.git('rev-parse', 'work'));
  expect(readFileSync(home.path('args'), 'utf8')).toBe('pr create --title=A title --body-file=- --head=work --base=master --draft\n');
  expect(readFileSync(home.path('body'), 'utf8')).toBe('text');
  gh('[ "$1" = --version ] && exit 0; echo "a pull request exists already" >&2; exit 1');
  expect(await failureOf(open(), 'TOOL_FAILED')).toMatchObject({ tool: 'gh', stderrTail: expect.stringContaining('exists already') });
  await repo.gitIn(worktree.path, 'commit', '--quiet', '--amend', '--message=rewritten');
  expect(await failureOf(open(), 'TOOL_FAILED')).toMatchObject({ tool: 'git', stderrTail: expect.stringContaining('rejected') });
});

test('removals that came too late find the worktree gone, once', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  const remove = () => daemon.client.worktree.remove({ worktree: worktree.id, force: true });
  await Promise.allSettled([remove(), remove(), remove()]);
  expect((await daemon.events({ types: ['worktree.removed'] })).length).toBe(1);
  await daemon.client.worktree.restore({ id: worktree.id });
  await until('the file to be back', () => existsSync(join(worktree.path, 'x.txt')));
});
