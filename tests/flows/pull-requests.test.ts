// Pull requests: pushed first, then opened with gh.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { detailsOf, failureOf } from '../helpers/failure-of.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

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
  expect(await detailsOf(open(), 'PRECONDITION')).toMatchObject({ reason: 'no_remote' });
  await repo.gitIn(repo.directory, 'init', '--quiet', '--bare', 'remote.git');
  await repo.git('remote', 'add', 'origin', repo.beside('remote.git'));
  expect(await open()).toEqual({ url: 'https://example.org/pull/7' });
  expect(await repo.gitIn(repo.beside('remote.git'), 'rev-parse', 'work')).toBe(await repo.git('rev-parse', 'work'));
  expect(readFileSync(home.path('args'), 'utf8')).toBe('pr create --title=A title --body-file=- --head=work --base=master --draft\n');
  expect(readFileSync(home.path('body'), 'utf8')).toBe('text');
  gh('[ "$1" = --version ] && exit 0; echo "a pull request exists already" >&2; exit 1');
  expect(await detailsOf(open(), 'TOOL_FAILED')).toMatchObject({ tool: 'gh', stderrTail: expect.stringContaining('exists already') });
  await repo.gitIn(worktree.path, 'commit', '--quiet', '--amend', '--message=rewritten');
  expect(await detailsOf(open(), 'TOOL_FAILED')).toMatchObject({ tool: 'git', stderrTail: expect.stringContaining('rejected') });
});
