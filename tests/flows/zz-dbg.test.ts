// The daemon is killed at every event of a session, one after the other: whatever it was about to do, the next daemon ends it right.
import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell, stubbornTree } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

/** Starts the command and kills the daemon as soon as it tells the nth event of the session. False when there are fewer. */
async function killAtEvent(daemon: RealDaemon, repo: TestRepo, command: string, n: number, tag: string): Promise<{ id: string; killed: boolean }> {
  const after = (await daemon.client.daemon.status()).cursor;
  const session = await daemon.start(repo.path, command, { arguments: { n: tag } });
  const leave = new AbortController();
  let seen = 0;
  for await (const event of daemon.client.events({ after, signal: leave.signal })) {
    if (!('subject' in event) || event.subject.sessionId !== session.id) continue;
    seen += 1;
    if (event.type === 'session.finished' && seen < n) return { id: session.id, killed: false };
    if (seen < n) continue;
    process.kill(daemon.pid, 'SIGKILL');
    leave.abort();
    break;
  }
  await daemon.kill();
  await daemon.again();
  return { id: session.id, killed: true };
}

async function expectNothingLeftOver(daemon: RealDaemon, repo: TestRepo): Promise<void> {
  const { home } = daemon;
  const { worktrees, orphans } = await daemon.client.worktree.list({ project: repo.path, limit: 200 });
  expect(orphans).toEqual([]);
  const branches = (await repo.git('worktree', 'list', '--porcelain')).match(/^branch .*$/gm) ?? [];
  expect(branches.length - 1).toBe(worktrees.filter(({ status }) => status !== 'removed').length);
  await until('files of worktrees to be gone', () => {
    const found = existsSync(`${home.worktreesDir}/repo`) ? readdirSync(`${home.worktreesDir}/repo`) : [];
    return found.length === branches.length - 1;
  });
  const events = await daemon.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(readdirSync(`${home.stateDir}/env`)).toEqual([]);
  const { terminals } = await daemon.client.terminal.list({ limit: 200 });
  const sessions = (await daemon.tmux('list-sessions', '-F', '#{session_name}')).split('\n').filter((name) => name !== 'coppice-hub');
  expect(sessions.sort()).toEqual(terminals.map(({ name }) => name).sort());
}


test('dbg', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { look: commandFile('look', { arguments: ['n'], worktree: { branch: 'look-{{ n }}' }, steps: [shell('git log -1')] }) },
  });
  void createHome; void createSignals; void stubbornTree; void isAlive; void expectNothingLeftOver;
  for (let k = 0; k < 1; k++) {
    const n = 1;
    const run = await killAtEvent(daemon, repo, 'look', n, String(k));
    let ended: any; const end = performance.now() + 5000; let err: any;
    while (!ended && performance.now() < end) { try { const x = await daemon.client.session.get({ id: run.id }); if (x.endedAt) ended = x; } catch (e) { err = e; break; } }
    const branches = await repo.git('branch', '--format=%(refname:short)');
    if (!ended || ended.status !== 'succeeded' || branches !== 'master') {
      console.log('BAD', k, n, run, String(err), branches, ended && ended.stepRuns.map((x: any) => [x.name, x.status, x.reason, x.error]), JSON.stringify((await daemon.client.worktree.list({ project: repo.path })), null, 1));
      console.log((await daemon.events()).filter((e) => e.seq! > 0).slice(-14).map((x) => JSON.stringify(x)).join('\n'));
      console.log(daemon.home.log().split('\n').slice(-8).join('\n'));
      if (branches !== 'master') console.log(await repo.git('reflog', 'show', branches.split('\n')[0]!), await repo.git('status', '--porcelain'));
      break;
    }
  }
});
