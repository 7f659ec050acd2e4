// Every statement of the store is planned by SQLite itself: none may read a whole table that grows.
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { settleDatabase } from '../../../daemon/store/database.ts';
import type { Reader } from '../../../daemon/store/store.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectId, projectRow, sessionRow } from '../../helpers/open-store.ts';
import { writeSampleRows } from '../../helpers/sample-rows.ts';
import { growingSpecTaskTables, specTaskCalls } from './spec-task-calls.ts';

const growing = [
  'events',
  'sessions',
  'step_runs',
  'artifacts',
  'worktrees',
  'terminals',
  'tokens',
  'receipts',
  'shared_data',
  'step_attempts',
  'leases',
  'session_groups',
  'group_members',
  'policy_decisions',
  'auth_flows',
  'definitions',
  'artifact_archives',
  ...growingSpecTaskTables,
];

const session = idOf('ses', 1);
const last = '~';
const subjects = [
  ...(['projectId', 'sessionId', 'worktreeId', 'specTaskId', 'workSessionId'] as const).map((key) => ({ [key]: session })),
  { projectId, sessionId: session },
];

/** Each method of each reader with arguments that clients can bring about: all forms of a statement that is put together. */
const calls: { readonly [N in keyof Reader]: { readonly [M in keyof Reader[N]]: (reader: Reader[N]) => void } } = {
  events: {
    lastSeq: (r) => void r.lastSeq(),
    firstSeq: (r) => void r.firstSeq(),
    prunable: (r) => void r.prunable({ beforeMs: 1, keepRows: 1 }),
    newest: (r) => void r.newest(10, { specTaskId: session }),
    page(r) {
      r.page(0, 10);
      for (const subject of subjects) r.page(0, 10, subject);
    },
    pageText(r) {
      r.pageText(0, 10);
      for (const subject of subjects) r.pageText(0, 10, subject);
    },
  },
  meta: { get: (r) => void r.get('epoch') },
  receipts: { find: (r) => void r.find('k'), prunable: (r) => void r.prunable(1) },
  projects: {
    get: (r) => void r.get('x'),
    byName: (r) => void r.byName('x'),
    byGitDir: (r) => void r.byGitDir('x'),
    list: (r) => void r.list('', 10),
    names: (r) => void r.names(),
    count: (r) => void r.count(),
  },
  worktrees: {
    get: (r) => void r.get('x'),
    byPath: (r) => void r.byPath('x'),
    byBranch: (r) => void r.byBranch('x'),
    byProjectAndBranch: (r) => void r.byProjectAndBranch(projectId, 'x'),
    list(r) {
      r.list({}, last, 10);
      r.list({ projectId }, last, 10);
    },
    allLive: (r) => void r.allLive(),
    newestPaths: (r) => void r.newestPaths(10),
  },
  removedWorktrees: {
    get: (r) => void r.get('x'),
    list(r) {
      r.list({}, last, 10);
      r.list({ projectId }, last, 10);
    },
    olderThan: (r) => void r.olderThan(1, 10),
  },
  sessions: {
    get: (r) => void r.get(session),
    bySlug: (r) => void r.bySlug('x'),
    list(r) {
      const filters = [{}, { projectId }, { commandName: 'build' }, { statuses: ['failed'] }, { statuses: ['queued', 'running'] }];
      for (const filter of filters) r.list(filter, last, 10);
      r.list({ projectId, commandName: 'build', statuses: ['failed'] }, last, 10);
    },
    active: (r) => void r.active(),
    activeInWorktree: (r) => void r.activeInWorktree('x'),
    queue: (r) => void r.queue(),
    activeOfSchedule: (r) => void r.activeOfSchedule('x'),
    hostBegunAt: (r) => void r.hostBegunAt('agent-host', 'x'),
    ...{ plannedIn: (r) => void r.plannedIn(session), countByStatus: (r) => void r.countByStatus() },
    similarSlugs: (r) => void r.similarSlugs('bu'),
    sharedData: (r) => void r.sharedData(session),
  },
  attempts: { ofSession: (r) => void r.ofSession(session) },
  schedules: {
    get: (r) => void r.get('x'),
    list(r) {
      r.list(undefined, last, 10);
      r.list(projectId, last, 10);
    },
    ofFile: (r) => void r.ofFile(projectId, 'x'),
    count: (r) => void r.count(),
  },
  groups: {
    get: (r) => void r.get('x'),
    list(r) {
      const filters = [{}, { projectId }, { statuses: ['failed'] }, { statuses: ['running', 'failed'] }];
      for (const filter of filters) r.list(filter, last, 10);
      r.list({ projectId, statuses: ['failed'] }, last, 10);
    },
    running: (r) => void r.running(),
    members: (r) => void r.members('x'),
    memberOf: (r) => void r.memberOf(session),
  },
  steps: {
    ...{ get: (r) => void r.get('x'), ofSession: (r) => void r.ofSession(session), runningOutside: (r) => void r.runningOutside() },
    writingTo: (r) => void r.writingTo(session, '/x'),
  },
  terminals: {
    ...{ get: (r) => void r.get('x'), byName: (r) => void r.byName('x') },
    ...{ liveOfSession: (r) => void r.liveOfSession(session), liveInWorktree: (r) => void r.liveInWorktree('x') },
    ...{ allLive: (r) => void r.allLive(), liveTmuxIds: (r) => void r.liveTmuxIds() },
    list(r) {
      r.list(true, last, 10);
      r.list(false, last, 10);
    },
  },
  artifacts: {
    get: (r) => void r.get('x'),
    byPath: (r) => void r.byPath(session, 'x'),
    list(r) {
      r.list(session, undefined, '', 10);
      r.list(session, 'log', '', 10);
    },
    prunable: (r) => void r.prunable(),
    isPrunable: (r) => void r.isPrunable(session),
    totalBytes: (r) => void r.totalBytes(),
    bytesOfSession: (r) => void r.bytesOfSession({ id: session, artifactDir: '/a' }),
  },
  archives: { get: (r) => void r.get(session), ended: (r) => void r.ended(1, { endedAt: 0, id: '' }, 10) },
  leases: {
    get: (r) => void r.get('x'),
    ofSession: (r) => void r.ofSession(session),
    ofWorktree: (r) => void r.ofWorktree('x'),
    valuesOf(r) {
      r.valuesOf('port', 'default');
      r.valuesOf('slot', 'gpus');
    },
    list: (r) => void r.list(last, 10),
  },
  authFlows: {
    get: (r) => void r.get('x'),
    latestOf: (r) => void r.latestOf('hub'),
    pendingOf: (r) => void r.pendingOf('hub'),
    allPending: (r) => void r.allPending(),
  },
  policyDecisions: {
    list(r) {
      for (const filter of [{}, { sessionId: session }, { decision: 'deny' }, { sessionId: session, decision: 'warn' }])
        r.list(filter, last, 10);
    },
    hasWarned: (r) => void r.hasWarned(session, 'max_sessions'),
  },
  tokens: {
    get: (r) => void r.get('x'),
    byHash: (r) => void r.byHash('x'),
    liveByName: (r) => void r.liveByName('x'),
    list: (r) => void r.list(last, 10),
  },
  ...specTaskCalls,
};

/** Every text that the store prepares while it is opened, written and read, writers' included. */
async function preparedTexts(): Promise<string[]> {
  const prepare = vi.spyOn(Database.prototype, 'prepare');
  try {
    using opened = openTestStore({ clock: createManualClock() });
    await writeSampleRows(opened.store);
    opened.store.read((reader) => {
      for (const [name, methods] of Object.entries(calls)) {
        for (const call of Object.values(methods)) (call as (r: unknown) => void)(reader[name as keyof Reader]);
      }
    });
    return [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter((sql) => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(sql));
  } finally {
    prepare.mockRestore();
  }
}

function planOf(db: Database.Database, sql: string): string[] {
  const named = [...sql.matchAll(/@(\w+)/g)].map((match) => [match[1], 1] as const);
  const positional = [...sql.matchAll(/\?/g)].map(() => 1);
  const values = named.length > 0 ? [Object.fromEntries(named)] : positional;
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => withoutAlias(sql, detail));
}

/** SQLite names a table as the statement does. */
function withoutAlias(sql: string, detail: string): string {
  return detail.replace(/^(SCAN|SEARCH) (\w+)/, (whole, how: string, name: string) => {
    const table = new RegExp(`(?:FROM|JOIN) (\\w+) (?:AS )?${name}\\b`).exec(sql)?.[1];
    return table === undefined ? whole : `${how} ${table}`;
  });
}

const readsWholeTable = (detail: string): boolean =>
  growing.some((table) => new RegExp(`^SCAN ${table}(?! USING (COVERING )?INDEX)`).test(detail));

test('no statement reads a whole table that grows', async () => {
  const texts = await preparedTexts();
  expect(texts.length).toBeGreaterThan(60);
  for (const table of growing)
    expect(
      texts.some((sql) => sql.includes(table)),
      table,
    ).toBe(true);
  using opened = openTestStore();
  const db = new Database(opened.path);
  const offences = texts.flatMap((sql) =>
    planOf(db, sql)
      .filter(readsWholeTable)
      .filter((detail) => !isOldestSlice(sql, detail) && !countsAllByIntent(sql))
      .map((detail) => `${detail}: ${sql}`),
  );
  db.close();
  expect(offences).toEqual([]);
});

test('what is asked of active sessions reads none that has ended, also by the statistics of many that have', async () => {
  const about = /^SELECT.* FROM sessions .*status IN \(('queued'|\?, \?)/s;
  const texts = (await preparedTexts()).filter((sql) => about.test(sql));
  expect(texts.length).toBeGreaterThan(3);
  using opened = openTestStore();
  await opened.store.write((w) => {
    w.projects.insert(projectRow());
    for (let n = 0; n < 1_000; n += 1) w.sessions.insert(sessionRow(n, { status: 'succeeded', startedAt: n, endedAt: n }));
  });
  const db = new Database(opened.path);
  settleDatabase(db);
  const readsEnded = (detail: string): boolean => /^(SCAN sessions|SEARCH sessions USING PRIMARY KEY \(id<)/.test(detail);
  const offences = texts.filter((sql) => planOf(db, sql).some(readsEnded));
  db.close();
  expect(offences).toEqual([]);
});

/** In the order of the key and with a bound, a scan ends after as many rows: the first event, the oldest slice of them, what is kept at most. */
function isOldestSlice(sql: string, detail: string): boolean {
  if (detail === 'SCAN policy_decisions') return /FROM policy_decisions ORDER BY id DESC LIMIT 1 OFFSET @keepRows/.test(sql);
  return detail === 'SCAN events' && /FROM events ORDER BY seq LIMIT (1|@limit)/.test(sql);
}

/** Pruning artifacts down to a size, which a person asks for, has to know all sessions that may go and the size of everything. */
function countsAllByIntent(sql: string): boolean {
  return /^SELECT s\.id, s\.slug.*WHERE true AND/s.test(sql) || /^SELECT \(SELECT ifnull\(sum\(size_bytes\), 0\) FROM artifacts/.test(sql);
}

test('lists come in the order of an index: none is sorted', async () => {
  using opened = openTestStore();
  const db = new Database(opened.path);
  const lists = (await preparedTexts()).filter((sql) => /ORDER BY (id|seq|path|name|position|key)/.test(sql) && !sql.includes(' IN ('));
  expect(lists.length).toBeGreaterThan(10);
  const sorted = lists.filter((sql) => planOf(db, sql).some((detail) => detail.includes('TEMP B-TREE')));
  db.close();
  expect(sorted).toEqual([]);
});

test('deleting a project or session finds what hangs on it by an index', () => {
  using opened = openTestStore();
  const db = new Database(opened.path);
  const references = growing.flatMap((table) =>
    db
      .prepare<[], { from: string; table: string }>(`PRAGMA foreign_key_list(${table})`)
      .all()
      .map(({ from }) => [table, from] as const),
  );
  expect(references.length).toBeGreaterThan(5);
  for (const [table, column] of references) {
    expect(planOf(db, `DELETE FROM ${table} WHERE ${column} = ?`).filter(readsWholeTable), `${table}.${column}`).toEqual([]);
  }
  db.close();
});

test('the check sees a scan when there is one', () => {
  using opened = openTestStore();
  const db = new Database(opened.path);
  expect(planOf(db, 'SELECT id FROM sessions WHERE error = ?').filter(readsWholeTable)).toEqual(['SCAN sessions']);
  expect(planOf(db, 'SELECT s.id FROM sessions AS s WHERE s.error = ?').filter(readsWholeTable)).toEqual(['SCAN sessions']);
  expect(planOf(db, 'SELECT id FROM sessions WHERE slug = ?').filter(readsWholeTable)).toEqual([]);
  db.close();
});
