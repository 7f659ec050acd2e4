// What is there after everything has ended and should not be: processes, panes, worktrees, branches, rows.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { rowsOf } from '../helpers/database-rows.ts';
import type { Ground } from './ground.ts';

/** Rows in a state that is no end. */
const unended: Readonly<Record<string, string>> = {
  sessions: "status IN ('queued', 'preparing', 'running', 'waiting')",
  step_runs: "status IN ('pending', 'running')",
  terminals: "status = 'live'",
  worktrees: "status NOT IN ('removed')",
  leases: '1',
  session_groups: "status = 'running'",
  spec_tasks: "status NOT IN ('done', 'cancelled', 'spec_failed', 'implementation_failed')",
  work_sessions: "status IN ('pending', 'active', 'blocked')",
  instances: "status IN ('starting', 'ready', 'stale', 'lost', 'stopping')",
  threads: "status IN ('pending', 'active', 'disconnected')",
  permissions: "status = 'pending'",
};

export async function leftovers(ground: Ground): Promise<string[]> {
  const { daemon, repo } = ground;
  const { home } = daemon;
  const left: string[] = [];
  for (const [table, where] of Object.entries(unended)) {
    const rows = rowsOf(home.databasePath, `SELECT * FROM ${table} WHERE ${where}`);
    if (rows.length > 0) left.push(`${rows.length} rows of ${table} have not ended, such as ${JSON.stringify(rows[0])}`);
  }
  left.push(...eventsWithoutTheirOther(home.databasePath));
  const processes = home.processes().filter(({ pid, command }) => pid !== daemon.pid && !isTmux(command) && !isGitThatWaits(command));
  for (const { pid, command } of processes) left.push(`process ${pid} lives: ${command}`);
  const panes = await daemon.tmux('list-panes', '-a', '-F', '#{session_name} #{pane_current_command}').catch(() => '');
  for (const pane of panes.split('\n').filter((line) => line !== '' && !line.startsWith('coppice-hub ')))
    left.push(`a pane is there: ${pane}`);
  const worktrees = (await repo.git('worktree', 'list', '--porcelain')).split('\n').filter((line) => line.startsWith('worktree '));
  for (const line of worktrees.slice(1)) left.push(`git knows a ${line}`);
  for (const entry of filesBelow(home.worktreesDir)) left.push(`below the worktrees is "${entry}"`);
  left.push(...(await branchesWithoutWork(ground)));
  if ((await repo.git('status', '--porcelain')) !== '') left.push('the main checkout was touched');
  return left;
}

/** A session begins and ends once in the log. */
function eventsWithoutTheirOther(databasePath: string): string[] {
  const counts = rowsOf(
    databasePath,
    `SELECT session_id AS id, SUM(type = 'session.created') AS created, SUM(type = 'session.finished') AS finished
     FROM events WHERE session_id IS NOT NULL GROUP BY session_id HAVING finished <> 1 OR created <> 1`,
  );
  return counts.map((row) => `a session has not one beginning and one end in the log: ${JSON.stringify(row)}`);
}

/** Branches that went on from their base stay for their owner, also when they were pushed; others go with their worktree. */
async function branchesWithoutWork({ repo }: Ground): Promise<string[]> {
  const branches = (await repo.git('for-each-ref', '--format=%(refname:short)', 'refs/heads'))
    .split('\n')
    .filter((name) => name !== 'master');
  const left: string[] = [];
  for (const branch of branches) {
    const own = await repo.git('rev-list', '--count', branch, '--not', 'master');
    if (own === '0') left.push(`the branch "${branch}" holds nothing and is there`);
  }
  return left;
}

/** The server keeps running without a session, and the daemon listens to it. */
function isTmux(command: string): boolean {
  return /^(\S*\/)?tmux /.test(command);
}

/** One for each repository, which answers what objects are. */
function isGitThatWaits(command: string): boolean {
  return /^(\S*\/)?git .*cat-file --batch/.test(command);
}

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory).flatMap((project) => readdirSync(join(directory, project)).map((name) => join(project, name)));
  } catch {
    return [];
  }
}
