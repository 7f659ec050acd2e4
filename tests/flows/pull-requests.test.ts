import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { detailsOf, failureOf } from '../helpers/failure-of.ts';
import { type FakeGitHub, startFakeGitHub } from '../helpers/fake-github.ts';
import { pathWithout, putProgram } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { toolMissing } from '../helpers/tool-missing.ts';
import { createWorktree } from '../helpers/worktrees.ts';

const wanted = { worktree: 'work', title: `--a "title" $(touch pwned) 'x'`, body: 'text\nö', base: 'master', draft: true };
const open = (daemon: RealDaemon) => daemon.client.worktree.openPullRequest(wanted);

/** An empty bare repository beside, as "origin". */
async function addRemote(repo: TestRepo): Promise<void> {
  await repo.gitIn(repo.directory, 'init', '--quiet', '--bare', 'remote.git');
  await repo.git('remote', 'add', 'origin', repo.beside('remote.git'));
}

const pushed = (repo: TestRepo): Promise<string> =>
  repo.gitIn(repo.beside('remote.git'), 'for-each-ref', '--format=%(refname) %(objectname)');

async function worktreeWithCommit(daemon: RealDaemon, repo: TestRepo): Promise<string> {
  const { path } = await createWorktree(daemon, repo, 'work');
  await repo.commit('one', { 'one.txt': '1' }, path);
  return path;
}

/** A gh that writes down how it was called, and what the remote had at that time. */
function stubGh(home: { dir: string; path(name: string): string }, repo: TestRepo, answer: string): string {
  const script = [
    `printf '%s\\0' "$@" >> ${home.path('argv')}; echo >> ${home.path('argv')}`,
    '[ "$1" = --version ] && exit 0',
    `pwd > ${home.path('cwd')}`,
    `git --git-dir=${repo.beside('remote.git')} for-each-ref --format='%(refname) %(objectname)' > ${home.path('pushed')}`,
    `cat > ${home.path('body')}`,
    answer,
  ];
  return putProgram(home.dir, 'gh', script.join('\n'));
}

test('the branch is on the remote before gh is called, in the worktree, with each word as it was given', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await addRemote(repo);
  const path = stubGh(home, repo, 'echo "Creating draft pull request"; echo https://example.org/pull/7');
  await using daemon = await startRealDaemon({ home, env: { PATH: path } });
  const worktreePath = await worktreeWithCommit(daemon, repo);
  const main = await repo.fingerprint();

  expect(await open(daemon)).toEqual({ url: 'https://example.org/pull/7' });

  const ref = `refs/heads/work ${await repo.git('rev-parse', 'work')}`;
  expect(await pushed(repo)).toBe(ref);
  expect(readFileSync(home.path('pushed'), 'utf8')).toBe(`${ref}\n`);
  const calls = readFileSync(home.path('argv'), 'utf8').trimEnd().split('\n');
  expect(calls.map((call) => call.split('\0').slice(0, -1))).toEqual([
    ['--version'],
    ['pr', 'create', `--title=${wanted.title}`, '--body-file=-', '--head=work', '--base=master', '--draft'],
  ]);
  expect(readFileSync(home.path('cwd'), 'utf8')).toBe(`${worktreePath}\n`);
  expect(readFileSync(home.path('body'), 'utf8')).toBe(wanted.body);
  expect(existsSync(`${worktreePath}/pwned`)).toBe(false);
  expect(await repo.fingerprint()).toBe(main);

  const cli = await daemon.cli(['worktree', 'pr', 'work', '--title', 'T', '--body', 'B'], { cwd: repo.path });
  expect(cli).toMatchObject({ exitCode: 0, stdout: 'https://example.org/pull/7\n' });
});

test('without gh, without the remote or with a rewritten branch nothing is pushed, and it is said what to do', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, env: { PATH: pathWithout(home.dir, 'gh') } });
  const worktreePath = await worktreeWithCommit(daemon, repo);
  await addRemote(repo);

  const missing = await failureOf(open(daemon), 'TOOL_MISSING');
  expect(missing).toMatchObject({ details: { tool: 'gh', remedy: expect.stringContaining('cli.github.com') } });
  expect(missing.message).toContain('cli.github.com');
  expect((await daemon.cli(['worktree', 'pr', 'work', '--title', 'T'], { cwd: repo.path })).exitCode).toBe(11);
  expect(await pushed(repo)).toBe('');

  await daemon.stop();
  await daemon.again({ PATH: stubGh(home, repo, 'echo https://example.org/pull/7') });
  const elsewhere = await detailsOf(daemon.client.worktree.openPullRequest({ ...wanted, remote: 'upstream' }), 'PRECONDITION');
  expect(elsewhere).toEqual({ reason: 'no_remote', remote: 'upstream', available: ['origin'] });
  expect(await pushed(repo)).toBe('');

  await open(daemon);
  const before = await pushed(repo);
  await repo.gitIn(worktreePath, 'commit', '--quiet', '--amend', '--message=rewritten');
  expect(await detailsOf(open(daemon), 'TOOL_FAILED')).toMatchObject({ tool: 'git', stderrTail: expect.stringContaining('rejected') });
  expect(await pushed(repo)).toBe(before);
});

test('a gh that fails is told with its last words and that the branch is pushed; the next call goes on from there', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await addRemote(repo);
  const path = stubGh(home, repo, 'echo "To get started, run: gh auth login" >&2; exit 4');
  await using daemon = await startRealDaemon({ home, env: { PATH: path } });
  await worktreeWithCommit(daemon, repo);

  const failure = await failureOf(open(daemon), 'TOOL_FAILED');
  expect(failure.details).toMatchObject({ tool: 'gh', exitCode: 4, stderrTail: expect.stringContaining('gh auth login') });
  expect(failure.message).toContain('gh auth login');
  expect(failure.message).toContain('The branch "work" is on "origin" already');
  stubGh(home, repo, 'echo done');
  expect(await failureOf(open(daemon), 'TOOL_FAILED')).toMatchObject({ message: expect.stringContaining("look with 'gh pr list'") });
  stubGh(home, repo, 'echo https://example.org/pull/8');
  expect(await open(daemon)).toEqual({ url: 'https://example.org/pull/8' });
});

describe.skipIf(toolMissing('gh', ['--version']))('with the real gh', () => {
  /** What gh takes for GitHub, while git pushes to the bare repository beside. */
  async function onGitHub(repo: TestRepo): Promise<void> {
    await addRemote(repo);
    const url = 'https://github.com/owner/shop.git';
    await repo.git('remote', 'set-url', 'origin', url);
    await repo.git('config', `url.${repo.beside('remote.git')}.pushInsteadOf`, url);
  }
  const operations = (github: FakeGitHub): string[] => github.questions.map(({ operation }) => operation);

  test('a pull request is opened, of a branch that has arrived', async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    await onGitHub(repo);
    const atThatTime: string[] = [];
    const created = async (): Promise<string> => {
      atThatTime.push(await pushed(repo));
      return 'https://github.com/owner/shop/pull/7';
    };
    await using github = await startFakeGitHub(home.dir, { created });
    await using daemon = await startRealDaemon({ home, env: github.env });
    await worktreeWithCommit(daemon, repo);

    expect(await open(daemon)).toEqual({ url: 'https://github.com/owner/shop/pull/7' });

    expect(atThatTime).toEqual([`refs/heads/work ${await repo.git('rev-parse', 'work')}`]);
    const asked = github.questions.at(-1);
    expect(asked?.operation).toBe('PullRequestCreate');
    const { title, body } = wanted;
    expect(asked?.variables.input).toMatchObject({
      title,
      body,
      baseRefName: 'master',
      headRefName: 'work',
      draft: true,
      repositoryId: 'R_shop',
    });
    expect(asked?.authorization).toContain('secret-of-the-test');
    expect(JSON.stringify(await daemon.events()) + home.log()).not.toContain('secret-of-the-test');
  });

  test('one that is open already, and a gh that is not logged in, are told in the words of gh', async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    await onGitHub(repo);
    const url = 'https://github.com/owner/shop/pull/3';
    const there = { id: 'PR_3', number: 3, url, state: 'OPEN', baseRefName: 'master', headRefName: 'work', isCrossRepository: false };
    const created = (): Promise<string> => Promise.reject(new Error('it is there already'));
    await using github = await startFakeGitHub(home.dir, { open: [there], created });
    await using daemon = await startRealDaemon({ home, env: github.env });
    await worktreeWithCommit(daemon, repo);

    expect((await failureOf(open(daemon), 'TOOL_FAILED')).details).toMatchObject({ tool: 'gh', stderrTail: expect.stringContaining(url) });
    expect(operations(github)).not.toContain('PullRequestCreate');
    await daemon.stop();
    await daemon.again({ GH_TOKEN: undefined });
    const stranger = await failureOf(open(daemon), 'TOOL_FAILED');
    expect(stranger.message).toContain('GH_TOKEN');
    expect(stranger.details).toMatchObject({ exitCode: 4, stderrTail: expect.stringContaining('gh auth login') });
  });
});
