// The promises that hold after any fault, looked at from outside: by calls, in the database file, in git, in tmux and in /proc.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { rowsOf } from './database-rows.ts';
import type { RealDaemon, SessionRecord } from './real-daemon.ts';
import type { TestRepo } from './repo.ts';
import { until } from './until.ts';

/** One sequence without a hole, and every step told its end once at most. */
export async function expectWholeLog(daemon: RealDaemon): Promise<void> {
  const events = await daemon.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const ends = events.filter(({ type }) => type === 'step.finished').map(({ data }) => (data as { stepRunId: string }).stepRunId);
  expect(new Set(ends).size).toBe(ends.length);
}

/** Rows that say something that no event says, or the other way round; and rows that wait for somebody who is dead. */
const untrue: Readonly<Record<string, string>> = {
  'sessions without their beginning': `SELECT id FROM sessions WHERE id NOT IN (SELECT session_id FROM events WHERE type = 'session.created')`,
  'sessions whose end is not told once': `SELECT id FROM sessions AS s WHERE
    (ended_at IS NOT NULL) <> (SELECT count(*) FROM events WHERE session_id = s.id AND type = 'session.finished')`,
  'sessions that have not ended': `SELECT id, slug, status FROM sessions WHERE ended_at IS NULL AND kind = 'command'`,
  'steps of ended sessions that run': `SELECT r.id, r.name, r.status FROM step_runs AS r JOIN sessions AS s ON s.id = r.session_id
    WHERE s.ended_at IS NOT NULL AND r.status IN ('pending', 'running')`,
  'steps that ended and were never told': `SELECT id FROM step_runs WHERE status IN ('succeeded', 'failed', 'lost', 'cancelled')
    AND id NOT IN (SELECT json_extract(body, '$.data.stepRunId') FROM events WHERE type = 'step.finished')`,
  'worktrees that are being made': `SELECT id, branch FROM worktrees WHERE status = 'creating'`,
  'failed without a reason': `SELECT id, status FROM sessions WHERE status IN ('failed', 'lost') AND (reason IS NULL OR error IS NULL)`,
};

export function expectTrueRows(databasePath: string): void {
  const db = new Database(databasePath, { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    for (const [what, sql] of Object.entries(untrue)) expect({ [what]: db.prepare(sql).all() }).toEqual({ [what]: [] });
  } finally {
    db.close();
  }
}

/** A result is what its steps say. */
export function expectTrueResult(session: SessionRecord): void {
  const main = session.stepRuns.filter(({ phase }) => phase === 'main').map(({ status }) => status);
  const told = { slug: session.slug, error: session.error };
  if (session.status === 'succeeded') expect({ ...told, main }).toEqual({ ...told, main: main.map(() => 'succeeded') });
  else expect(['failed', 'lost', 'cancelled']).toContain(session.status);
}

/** Worktrees, branches, terminals and files of sessions are those that rows account for; nothing else is left. */
export async function expectNoOrphans(daemon: RealDaemon, repo: TestRepo, userBranches: readonly string[]): Promise<void> {
  const { client, home } = daemon;
  const worktrees: Awaited<ReturnType<typeof client.worktree.list>>['worktrees'] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.worktree.list({ project: repo.path, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.orphans).toEqual([]);
    worktrees.push(...page.worktrees);
    if (page.nextCursor === undefined) break;
    cursor = page.nextCursor;
  }
  const absent = worktrees.filter(({ status }) => status !== 'present');
  expect(absent, absent.map(({ branch }) => storyOf(daemon, branch)).join('\n\n')).toEqual([]);
  const listed = (await repo.git('worktree', 'list', '--porcelain')).match(/^worktree .*$/gm) ?? [];
  expect(listed.slice(1).sort()).toEqual(worktrees.map(({ path }) => `worktree ${path}`).sort());
  const folders = existsSync(`${home.worktreesDir}/repo`) ? readdirSync(`${home.worktreesDir}/repo`) : [];
  expect(folders.filter((name) => !name.startsWith('.'))).toHaveLength(worktrees.length);
  const branches = (await repo.git('for-each-ref', '--format=%(refname:short)', 'refs/heads')).split('\n');
  const known = new Set([...userBranches, ...worktrees.map(({ branch }) => branch)]);
  const strays = branches.filter((branch) => !known.has(branch));
  expect(strays, strays.map((branch) => storyOf(daemon, branch)).join('\n\n')).toEqual([]);
  // What just ended may be gone from tmux a moment before its row says so.
  await until('tmux and the rows to tell of the same terminals', async () => {
    const { terminals } = await client.terminal.list({ limit: 200 });
    const panes = await daemon.tmux('list-sessions', '-F', '#{session_name}').catch(() => '');
    const names = panes.split('\n').filter((name) => name !== '' && name !== 'coppice-hub');
    return isDeepStrictEqual(names.sort(), terminals.map(({ name }) => name).sort());
  });
  const filesOfSteps = (): string[] => readdirSync(`${home.stateDir}/steps`).filter((name) => !name.includes('trm_'));
  await until('the files of steps to be gone', () => filesOfSteps().length === 0).catch(() => expect(filesOfSteps()).toEqual([]));
}

/** All that is known of a branch: the events of its sessions, what the daemon logged meanwhile, and who was killed. */
function storyOf({ home }: RealDaemon, branch: string): string {
  const of = `(SELECT session_id FROM events WHERE instr(body, ?) > 0)`;
  const events = rowsOf(home.databasePath, `SELECT body FROM events WHERE session_id IN ${of} ORDER BY seq`, JSON.stringify(branch))
    .map((row) => JSON.parse((row as { body: string }).body) as { at: string; type: string; data: unknown })
    .map(({ at, type, data }) => `${at} ${type} ${JSON.stringify(data)}`);
  const [from = '', to = ''] = [events[0], events.at(-1)].map((line) => line?.slice(0, 24));
  const kills = existsSync(home.path('kills.log')) ? readFileSync(home.path('kills.log'), 'utf8').split('\n') : [];
  const logged = home
    .log()
    .split('\n')
    .flatMap((line) => {
      const time = /"time":"([^"]*)"/.exec(line)?.[1];
      return time === undefined ? [] : [`${time} ${line.slice(0, 1_000)}`];
    });
  const meanwhile = [...kills, ...logged].filter((line) => line.slice(0, 24) >= from && line.slice(0, 19) <= to);
  return [branch, ...[...events, ...meanwhile].sort()].join('\n');
}

/** Whatever was told to be committed is reachable from a ref: of a branch, or of what was saved. */
export async function expectCommitsKept(repo: TestRepo, commits: readonly string[]): Promise<void> {
  const kept = new Set((await repo.git('rev-list', '--all')).split('\n'));
  expect(commits.filter((commit) => !kept.has(commit))).toEqual([]);
}
