// What fifty sessions at once promise: order, a bound, worktrees of their own, and nothing left behind.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTestMs } from '../helpers/all-ended.ts';
import { checkoutPrint } from '../helpers/checkout-print.ts';
import { rowsOf } from '../helpers/database-rows.ts';
import { type FiftySessions, maxRunning, runFiftySessions } from '../helpers/fifty-sessions.ts';
import type { FoundProcess } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';

/** Rows of something that has not ended, by table, read from the file. */
function liveRows(databasePath: string): Record<string, unknown> {
  const rows = (sql: string): unknown[] => rowsOf(databasePath, sql);
  return {
    sessions: rows("SELECT slug, status FROM sessions WHERE status IN ('queued', 'preparing', 'running', 'waiting')"),
    steps: rows("SELECT session_id, name, status FROM step_runs WHERE status IN ('pending', 'running')"),
    terminals: rows("SELECT name FROM terminals WHERE status = 'live'"),
    worktrees: rows("SELECT path, status FROM worktrees WHERE status <> 'removed'"),
    leases: rows('SELECT key, value FROM leases'),
    tokens: rows('SELECT name FROM tokens WHERE session_id IS NOT NULL AND revoked_at IS NULL'),
    dangling: rows('PRAGMA foreign_key_check'),
  };
}

const nothing = { sessions: [], steps: [], terminals: [], worktrees: [], leases: [], tokens: [], dangling: [] };

describe('fifty sessions at once over five repositories, of which eight may run', () => {
  let fifty: FiftySessions;
  beforeAll(async () => {
    fifty = await runFiftySessions();
  }, longTestMs);
  afterAll(async () => {
    await fifty?.[Symbol.asyncDispose]();
  });

  test('all succeed', () => {
    const ends = fifty.ended.map(({ session: { status, error } }) => ({ status, error }));
    expect(ends).toEqual(ends.map(() => ({ status: 'succeeded', error: undefined })));
    const steps = fifty.ended.flatMap(({ session }) => session.stepRuns.map(({ status }) => status));
    expect(new Set(steps)).toEqual(new Set(['succeeded']));
  });

  test('they start in the order in which they were queued', async () => {
    const events = await fifty.daemon.events({ types: ['session.created', 'session.started'] });
    const order = (type: string) => events.filter((event) => event.type === type).map(({ subject }) => subject.sessionId);
    expect(order('session.created')).toHaveLength(50);
    expect(order('session.started')).toEqual(order('session.created'));
  });

  test('never more than eight run, by the events and by what the steps saw', async () => {
    const counts = (signs: readonly number[]): number[] =>
      signs.map((_, at) => signs.slice(0, at + 1).reduce((sum, sign) => sum + sign, 0));
    const events = await fifty.daemon.events({ types: ['session.started', 'session.finished'] });
    const running = counts(events.map(({ type }) => (type === 'session.started' ? 1 : -1)));
    expect(Math.max(...running)).toBe(maxRunning);
    const seen = counts((await fifty.signals.lines('running')).map((sign) => (sign === '+' ? 1 : -1)));
    expect(seen).toHaveLength(100);
    expect(Math.max(...seen)).toBeLessThanOrEqual(maxRunning);
    expect(seen.at(-1)).toBe(0);
  });

  test('each works in a worktree, on a branch and with a port of its own', async () => {
    const places = new Set<string>();
    for (const { session, repo, branch } of fifty.ended) {
      expect(await repo.git('log', '--format=%s', '--name-status', `master..${branch}`)).toBe(`${session.id}\n\nA\t${session.id}.txt`);
      const told = await repo.git('show', `${branch}:${session.id}.txt`);
      expect(told).toMatch(new RegExp(`^${session.worktreePath} ${branch} \\d+$`));
      places.add(session.worktreePath as string);
    }
    expect(places.size).toBe(50);
    const events = await fifty.daemon.events({ types: ['lease.reserved', 'lease.released'] });
    const held = new Set<string>();
    for (const { type, data } of events) {
      const { value } = data as { value: string };
      expect(held.has(value)).toBe(type === 'lease.released');
      if (type === 'lease.reserved') held.add(value);
      else held.delete(value);
    }
  });

  test('worktrees that a policy keeps stand as they were left, and the others are gone', async () => {
    const kept = fifty.ended.filter((one) => one.kept);
    for (const { session, repo, branch } of kept) {
      const path = session.worktreePath as string;
      expect(await repo.gitIn(path, 'status', '--porcelain=v2', '--branch', '--ignored')).toContain(`# branch.head ${branch}`);
      expect(await repo.gitIn(path, 'status', '--porcelain', '--ignored')).toBe('');
      expect(readdirSync(path).sort()).toEqual(['.git', '.gitignore', 'readme.txt', `${session.id}.txt`, 'src'].sort());
    }
    const { worktrees } = await fifty.daemon.client.worktree.list({ limit: 200 });
    expect(
      worktrees.map(({ path, status, retained }) => ({ path, status, retained })).sort((a, b) => a.path.localeCompare(b.path)),
    ).toEqual(
      kept
        .map(({ session }) => ({ path: session.worktreePath as string, status: 'present', retained: 'always' }))
        .sort((a, b) => a.path.localeCompare(b.path)),
    );
    for (const repo of fifty.repos) {
      const listed = (await repo.git('worktree', 'list', '--porcelain')).match(/^worktree .*$/gm);
      const own = kept.filter((one) => one.repo === repo).map(({ session }) => `worktree ${session.worktreePath}`);
      expect(listed?.sort()).toEqual([`worktree ${repo.path}`, ...own].sort());
    }
  });

  test('the main checkouts are as they were, to the bytes of the index, and the repositories are sound', async () => {
    expect(await Promise.all(fifty.repos.map(checkoutPrint))).toEqual(fifty.before);
    for (const repo of fifty.repos) {
      expect(await repo.git('fsck', '--full', '--strict', '--no-dangling')).toBe('');
      expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');
    }
  });

  test('no row, process, terminal or file of them is left', { timeout: longTestMs }, async () => {
    const { daemon } = fifty;
    const { home, client } = daemon;
    for (const { session } of fifty.ended.filter((one) => one.kept)) {
      expect(await client.worktree.remove({ worktree: session.worktreeId as string })).toMatchObject({ branchDeleted: false });
    }

    expect((await client.session.list({ status: ['active'] })).sessions).toEqual([]);
    expect((await client.worktree.list({})).worktrees).toEqual([]);
    expect((await client.terminal.list({})).terminals).toEqual([]);
    expect((await client.lease.list({})).leases).toEqual([]);
    expect(liveRows(home.databasePath)).toEqual(nothing);
    expect(await daemon.tmux('list-sessions', '-F', '#{session_name}')).toBe('coppice-hub');
    // The daemon, the tmux server and the daemon's client of it.
    const isOurs = ({ pid, command }: FoundProcess): boolean => pid === daemon.pid || command.includes(home.tmuxSocketPath);
    await until('the last process of a session to end', () => home.processes().every(isOurs));
    await expect.poll(() => readdirSync(join(home.stateDir, 'steps')), { timeout: 45_000 }).toEqual([]);
    expect(readdirSync(join(home.stateDir, 'env'))).toEqual([]);
    expect(readdirSync(home.runDir).sort()).toEqual(['coppice.sock', 'tmux.sock']);
    for (const repo of fifty.repos) {
      await until(
        'the directories of worktrees to be gone',
        () => readdirSync(join(home.worktreesDir, `repo-${fifty.repos.indexOf(repo)}`)).length === 0,
      );
      expect(readdirSync(join(repo.path, '.git')).includes('worktrees')).toBe(false);
    }
    expect(readFileSync(home.logPath, 'utf8')).not.toMatch(/"level":(50|60)/);
  });
});
