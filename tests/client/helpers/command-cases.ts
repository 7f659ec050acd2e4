// What each command asks of the daemon and prints: sessions, worktrees and commands.
import { at, ids } from './fake-daemon.ts';
import { session } from './records.ts';
import { command, worktree } from './scripted-answers.ts';

export interface Case {
  words: string[];
  /** The last call, as the daemon got it. */
  calls: string;
  params?: object;
  prints: string;
  warns?: string;
  json: object;
}

export const cases: Case[] = [
  {
    words: ['show', 'x'],
    calls: 'session.get',
    params: { id: 'x' },
    prints: 'status     failed (exit)\nerror      It failed.',
    json: { id: ids.session },
  },
  {
    words: ['send', 'x', 'two', 'words'],
    calls: 'session.send',
    params: { id: 'x', text: 'two words', enter: true },
    prints: '',
    json: { status: 'typed' },
  },
  {
    words: ['send', 'x', '-', '--no-enter'],
    calls: 'session.send',
    params: { id: 'x', text: 'from stdin', enter: false },
    prints: '',
    json: { status: 'typed' },
  },
  {
    words: ['cancel', 'x', '-r', 'why'],
    calls: 'session.cancel',
    params: { id: 'x', reason: 'why' },
    prints: 'build-fox is being cancelled\n',
    json: { sessions: [session()] },
  },
  {
    words: ['rm', 'x', 'y', '--cancel', '--keep-worktree'],
    calls: 'session.remove',
    params: { id: 'y', cancel: true, keepWorktree: true },
    prints: 'x removed\ny removed\n',
    json: { removed: ['x', 'y'] },
  },
  {
    words: ['commands', '--category', 'workflow'],
    calls: 'command.list',
    params: { project: ids.project, category: 'workflow' },
    prints: 'build (broken)\tstandard\tno lifecycle step\tproject\tworkflow\tBuilds\n',
    warns: '/p/build.yaml:2:1: Unknown key.\n/u/build.yaml: hidden by /p/build.yaml (build)\n',
    json: { commands: [command] },
  },
  {
    words: ['plan', 'build', 'n=1', '-p', 'shop'],
    calls: 'command.plan',
    params: { project: 'shop', name: 'build', arguments: { n: '1' } },
    prints: 'build: standard (no lifecycle step)\nbranch feat from main\nn=1\nbudget 60s\n1\tmain\tmake\tshell\tprocess\t5s\tmake\n',
    json: { branch: 'feat' },
  },
  {
    words: ['worktree', 'create', 'feat', '--base', 'v1'],
    calls: 'worktree.create',
    params: { project: ids.project, branch: 'feat', base: 'v1' },
    prints: '/w/feat\n',
    json: worktree,
  },
  {
    words: ['worktree', 'list', '-p', 'shop'],
    calls: 'worktree.list',
    params: { limit: 200, project: 'shop' },
    prints: `feat\tpresent\t${at}\tmain\t${worktree.id}\t/w/feat\n`,
    warns: 'coppice: the worktree at "/w/other" is not the daemon\'s.\n',
    json: { worktrees: [worktree], orphans: [{ path: '/w/other' }] },
  },
  {
    words: ['worktree', 'get', 'feat'],
    calls: 'worktree.get',
    params: { worktree: 'feat' },
    prints: `feat ${worktree.id}\n/w/feat\npresent, clean, 2 ahead of main\nretained: it has commits\n`,
    json: { clean: true },
  },
  {
    words: ['worktree', 'diff', 'feat'],
    calls: 'worktree.diff',
    params: { worktree: 'feat', patch: false },
    prints: 'committed\tmodified\t+1\t-2\ta\nstaged\trenamed\t\t\told -> new\nuntracked\tadded\t\t\tu\n3 files, +1 -2, 1 commit\n',
    json: { untracked: ['u'] },
  },
  {
    words: ['worktree', 'diff', 'feat', '--patch'],
    calls: 'worktree.diff',
    params: { worktree: 'feat', patch: true },
    prints: 'diff --git a b\n',
    warns: 'coppice: The patch is longer than one answer may be and was cut.\n',
    json: { patchTruncated: true },
  },
  {
    words: ['worktree', 'rm', './feat'],
    calls: 'worktree.remove',
    prints: './feat removed, with its branch\n',
    json: { branchDeleted: true },
  },
  {
    words: ['worktree', 'rm', 'feat', '--force'],
    calls: 'worktree.remove',
    params: { worktree: 'feat', force: true },
    prints: 'feat removed, with its branch\n',
    warns: 'coppice: Its work is saved; "coppice worktree restore wt_1" brings it back.\n',
    json: { branchDeleted: true, savedAs: 'refs/coppice/removed/wt_1' },
  },
  {
    words: ['worktree', 'list', '--removed', '-p', 'shop'],
    calls: 'worktree.listRemoved',
    params: { project: 'shop', limit: 200 },
    prints: `feat\t3\t${at}\t${worktree.id}\t/w/feat\n`,
    json: { removed: [{ branch: 'feat', files: 3 }] },
  },
  {
    words: ['worktree', 'restore', worktree.id],
    calls: 'worktree.restore',
    params: { id: worktree.id },
    prints: '/w/feat\n',
    warns: 'coppice: The port "41000" is reserved by somebody else.\n',
    json: worktree,
  },
  {
    words: ['worktree', 'adopt', '/w/other'],
    calls: 'worktree.adopt',
    params: { path: '/w/other' },
    prints: `feat ${worktree.id}\n`,
    json: worktree,
  },
  {
    words: ['worktree', 'commit', 'feat', '-m', 'why', '--all'],
    calls: 'worktree.commit',
    params: { worktree: 'feat', message: 'why', all: true },
    prints: `${'c'.repeat(40)} 1 file\n`,
    json: { files: 1 },
  },
  {
    words: ['worktree', 'merge', 'feat', '--into', 'next', '--mode', 'squash'],
    calls: 'worktree.merge',
    params: { worktree: 'feat', into: 'next', mode: 'squash' },
    prints: `next ${'b'.repeat(40)} -> ${'c'.repeat(40)}\n`,
    json: { upToDate: false },
  },
  {
    words: ['worktree', 'pr', 'feat', '--title', 'A title', '--body', '-', '--draft'],
    calls: 'worktree.openPullRequest',
    params: { worktree: 'feat', title: 'A title', body: 'from stdin', draft: true, remote: 'origin' },
    prints: 'https://example.org/pull/1\n',
    json: { url: 'https://example.org/pull/1' },
  },
  {
    words: ['worktree', 'conflicts', 'shop', '--branch', 'a', 'b'],
    calls: 'worktree.predictConflicts',
    params: { project: 'shop', branches: ['a', 'b'] },
    prints: 'a\tb\tone.txt two.txt\n',
    json: { branches: ['a', 'b'] },
  },
];
