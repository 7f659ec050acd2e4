// One plausible answer for every method that a command of the CLI calls.
import { at, ids, type Script } from './fake-daemon.ts';
import { record, session, step } from './records.ts';

const commit = 'a'.repeat(40);
export const worktree = {
  id: 'wt_00000000000000000000000001',
  projectId: ids.project,
  path: '/w/feat',
  branch: 'feat',
  base: 'main',
  baseCommit: commit,
  branchCreated: true,
  status: 'present' as const,
  createdAt: at,
};
export const terminal = {
  id: 'trm_00000000000000000000000001',
  name: 'build-fox',
  tmuxId: '$1',
  cwd: '/w/feat',
  status: 'live' as const,
  createdAt: at,
};
export const project = { id: ids.project, name: 'shop', path: '/src/shop', createdAt: at };
export const token = { id: 'tok_00000000000000000000000001', name: 'phone', scopes: ['read' as const], createdAt: at };
export const artifact = {
  id: 'art_00000000000000000000000001',
  sessionId: ids.session,
  kind: 'spec' as const,
  path: 'specs/a.md',
  sizeBytes: 11,
  sha256: 'b'.repeat(64),
  mime: 'text/markdown',
  createdAt: at,
};
export const command = {
  name: 'build',
  description: 'Builds',
  category: 'workflow',
  kind: 'standard' as const,
  kindReason: 'no lifecycle step',
  source: 'project' as const,
  path: '/p/build.yaml',
  shadows: ['/u/build.yaml'],
  valid: false,
  diagnostics: [{ level: 'error' as const, message: 'Unknown key.', line: 2, column: 1 }],
};
const planned = {
  index: 1,
  phase: 'main' as const,
  name: 'make',
  type: 'shell' as const,
  action: 'make',
  runIn: 'process' as const,
  timeoutSeconds: 5,
  continueOnError: false,
};
const diff = {
  baseCommit: commit,
  head: commit,
  committed: [{ path: 'a', status: 'modified' as const, additions: 1, deletions: 2 }],
  staged: [{ path: 'new', from: 'old', status: 'renamed' as const }],
  unstaged: [],
  untracked: ['u'],
  summary: { files: 3, additions: 1, deletions: 2, commits: 1 },
};

export const script: Script = {
  'session.list': () => ({ sessions: [session()] }),
  'session.get': () =>
    record({ status: 'failed', reason: 'exit', error: 'It failed.', arguments: { n: 1 } }, [
      step(1, { attempt: 2, status: 'failed', exitCode: 7 }),
    ]),
  'session.send': () => ({ status: 'typed' }),
  'session.cancel': () => session(),
  'session.remove': () => ({}),
  'session.attach': () => ({ argv: ['tmux', 'attach'] }),
  'command.list': () => ({ commands: [command] }),
  'command.plan': () => ({ command, arguments: { n: 1 }, branch: 'feat', base: 'main', timeoutSeconds: 60, steps: [planned] }),
  'worktree.create': () => worktree,
  'worktree.list': () => ({ worktrees: [worktree], orphans: [{ path: '/w/other' }] }),
  'worktree.get': () => ({ ...worktree, clean: true, ahead: 2, retained: 'it has commits' }),
  'worktree.diff': ({ patch }) => ({ ...diff, ...(patch ? { patch: 'diff --git a b\n', patchTruncated: true } : {}) }),
  'worktree.remove': ({ force }) => ({ branchDeleted: true, ...(force ? { savedAs: 'refs/coppice/removed/wt_1' } : {}) }),
  'worktree.listRemoved': () => ({
    removed: [{ id: worktree.id, projectId: worktree.projectId, path: '/w/feat', branch: 'feat', ref: 'refs/x', removedAt: at, files: 3 }],
  }),
  'worktree.restore': () => ({ ...worktree, leases: [], warnings: ['The port "41000" is reserved by somebody else.'] }),
  'worktree.adopt': () => worktree,
  'worktree.commit': () => ({ commit: 'c'.repeat(40), files: 1 }),
  'worktree.merge': ({ into = 'main' }) => ({ into, before: 'b'.repeat(40), commit: 'c'.repeat(40), upToDate: false }),
  'worktree.openPullRequest': () => ({ url: 'https://example.org/pull/1' }),
  'worktree.predictConflicts': () => ({ branches: ['a', 'b'], conflicts: [{ a: 'a', b: 'b', files: ['one.txt', 'two.txt'] }] }),
  'terminal.list': () => ({ terminals: [terminal] }),
  'terminal.capture': () => ({ paneId: '%1', text: '$ make' }),
  'terminal.send': () => ({ status: 'typed' }),
  'terminal.kill': () => ({}),
  'artifact.list': () => ({ artifacts: [artifact] }),
  'artifact.read': ({ offset }) => {
    const bytes = Buffer.from('hello world').subarray(offset, offset + 6);
    return { offset, nextOffset: offset + bytes.length, sizeBytes: 11, data: bytes.toString('base64') };
  },
  'project.list': () => ({ projects: [project] }),
  'project.remove': () => ({}),
  'auth.createToken': () => ({ ...token, token: 'secret' }),
  'auth.listTokens': () => ({ tokens: [token] }),
  'auth.revokeToken': () => ({}),
  'config.get': ({ key }) => ({ version: 1, value: key === undefined ? { sessions: { timeout: 5 } } : 5 }),
  'config.reload': () => ({ version: 2, changedKeys: ['sessions.timeout'], restartRequired: ['websocket.port'] }),
  'daemon.metrics': () => ({
    operations: [{ name: 'session.get', count: 2, errors: 0, p50Ms: 0.05, p95Ms: 0.1, p99Ms: 12.3, maxMs: 40 }],
    eventLoopDelay: { p50Ms: 1, p99Ms: 2, maxMs: 3 },
    gauges: { rss: 5 },
  }),
  'daemon.doctor': () => ({
    ok: false,
    findings: [
      { check: 'disk', ok: false, found: 'full', remedy: 'make room' },
      { check: 'git', ok: true },
    ],
  }),
  'daemon.status': () => ({
    daemon: { version: '0.1.0', pid: 7, bootId: 'b', startedAt: at },
    uptimeMs: 61_000,
    rssBytes: 1024 ** 2,
    stopping: false,
    paths: { socket: '/s', database: '/d', config: '/c' },
    webSocket: { port: 7 },
    tmux: { available: true, running: true, version: '3.3a' },
    counts: { projects: 1, sessionsByStatus: { running: 2 }, worktrees: 3, terminals: 4, connections: 5, subscriptions: 6 },
    cursor: 'e1:0',
    configVersion: 1,
    restartRequired: ['websocket.port'],
  }),
};
