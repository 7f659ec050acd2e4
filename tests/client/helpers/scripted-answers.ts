// One plausible answer for every method that a command of the CLI calls.
import type { ResultOf } from '../../../schemas/index.ts';
import { at, ids, type Script } from './fake-daemon.ts';
import { policyScript } from './policy-cases.ts';
import { group, record, session, step } from './records.ts';

const gate = {
  name: 'audit',
  members: [
    { name: 'claude', agent: 'claude' },
    { name: 'odd', problem: 'There is no agent "odd".' },
  ],
  required: 1,
  timeoutMs: 90_000,
};
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

export const agent: ResultOf<'agent.get'> = {
  name: 'claude',
  protocol: 'acp',
  command: ['claude-agent-acp'],
  headless: ['claude', '-p'],
  env: [],
  model: 'opus',
  permissions: 'ask',
  aliases: ['cc'],
  enabled: true,
  programs: [
    { program: 'claude-agent-acp', for: ['acp'] },
    { program: 'claude', for: ['headless'], path: '/usr/bin/claude' },
  ],
  missingEnv: [],
  usable: ['headless'],
};

export const model: ResultOf<'model.get'> = {
  name: 'opus',
  provider: 'anthropic',
  model: 'claude-opus-4-1',
  tier: 'high',
  aliases: ['o'],
  enabled: true,
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
  'group.start': () => group(),
  'group.list': () => ({ groups: [group({ status: 'degraded', succeeded: 1, endedAt: at, reason: 'timeout', gate: 'audit' })] }),
  'group.get': () => group({ status: 'failed', reason: 'not_enough', endedAt: at }),
  'group.retry': () => group(),
  'group.cancel': () => group({ reason: 'why' }),
  'gate.list': () => ({ gates: [gate] }),
  'gate.get': () => gate,
  'gate.run': () => group({ gate: 'audit' }),
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
  'config.reload': () => ({ version: 2, changedKeys: ['sessions.timeout'], restartRequired: ['websocket.port'], deferred: false }),
  ...policyScript,
  'config.explain': ({ key }) => ({
    ...{ key, value: 5, layer: 'user', path: '/c/config.toml', line: 3, column: 1, default: 1800, description: 'A budget.' },
    ...{ reload: 'pinned', projectSafe: true, secret: false, variable: 'COPPICE_SESSIONS__TIMEOUT' },
  }),
  'config.validate': () => ({
    valid: true,
    diagnostics: [{ level: 'warning', key: 'COPPICE_X__Y', message: 'The variable "COPPICE_X__Y" names no configuration key.' }],
  }),
  'config.schema': () => ({ type: 'object' }),
  'agent.list': () => ({ agents: [agent] }),
  'agent.get': () => agent,
  'model.list': () => ({ models: [model] }),
  'model.get': () => model,
  'daemon.metrics': () => ({
    enabled: true,
    operations: [
      {
        ...{ name: 'rpc.session.get', count: 2, errors: 0, totalMs: 40.05, p50Ms: 0.05, p95Ms: 0.1, p99Ms: 12.3, maxMs: 40 },
        buckets: [0, 1, 0, 1],
      },
    ],
    bucketBoundsMs: [0.03125, 0.0625, 32],
    eventLoopDelay: { p50Ms: 1, p99Ms: 2, maxMs: 3 },
    gauges: { 'sessions.running': 5 },
    counters: { retries: 1 },
  }),
  'daemon.dbStatus': () => ({
    path: '/s/coppice.db',
    version: 3,
    sizeBytes: 5 * 1024 ** 2,
    freeBytes: 2 * 1024 ** 2,
    walBytes: 0,
    rows: { sessions: 4, events: 90 },
    backups: [{ path: '/s/backups/a.db', sizeBytes: 1024, createdAt: at }],
  }),
  'daemon.dbVacuum': ({ dryRun = false }) => ({
    dryRun,
    removed: { events: 5, receipts: 2, removedWorktrees: 1 },
    archived: { sessions: 3, sizeBytes: 2048 },
    purged: { sessions: 0, sizeBytes: 0 },
    freedBytes: 4096,
    problems: ['artifacts of session "build-fox": no tar'],
  }),
  'daemon.dbBackup': ({ path = '/s/backups/b.db' }) => ({ path, sizeBytes: 4096, sha256: 'e'.repeat(64) }),
  'daemon.dbCheck': () => ({ ok: true, problems: [], tookMs: 7 }),
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
    configDrift: true,
    configDeferred: false,
    safeMode: false,
    upgradePending: false,
  }),
};
