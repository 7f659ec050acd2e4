// Code of the daemon that throws what nobody foresaw: a call, the driving of a session, a reactor and what hears of events. The database
// is made to refuse what is named "cursed", as a bug would, until the curse is lifted.
import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { openRaw } from '../helpers/raw-socket.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { setUpSpecTasks } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Beside the daemon, as any program may that has the file. */
function change(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

const curse = (what: string, on: string): string =>
  `CREATE TRIGGER curse BEFORE ${on} WHEN ${what} BEGIN SELECT RAISE(ABORT, 'cursed'); END`;
const lift = 'DROP TRIGGER curse';

test('a call that throws is answered with a reference into the log, and those beside it succeed', async () => {
  await using daemon = await startRealDaemon();
  const { client, home, pid } = daemon;
  change(home.databasePath, curse("NEW.name = 'cursed'", 'INSERT ON tokens'));
  const names = ['one', 'cursed', 'two', 'three'];

  const ends = await Promise.allSettled(names.map((name) => client.auth.createToken({ name, scopes: ['read'] })));

  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  const { reason } = ends[1] as PromiseRejectedResult;
  expect(reason).toMatchObject({ kind: 'INTERNAL', ref: expect.stringMatching(/^call_/) });
  expect((reason as Error).message).not.toContain('cursed');
  expect(home.log()).toContain((reason as { ref: string }).ref);
  expect((await client.auth.listTokens()).tokens.map(({ name }) => name).sort()).toEqual(['one', 'three', 'two']);
  expect((await client.daemon.ping()).pid).toBe(pid);
});

test('a session that can not be driven on stops no other, and goes on when it can, without running anything twice', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = (name: string) => [shell(`${signals.tell(name)}; ${signals.waitFor('gate')}`, { name }), shell(signals.tell(`${name}-2`))];
  await using daemon = await startRealDaemon({
    home,
    commands: {
      cursed: commandFile('cursed', { session: {}, steps: steps('cursed') }),
      other: commandFile('other', { session: {}, steps: steps('other') }),
    },
  });
  const { pid } = daemon;
  const cursed = await daemon.start(repo.path, 'cursed');
  const other = await daemon.start(repo.path, 'other');
  await Promise.all([signals.lines('cursed'), signals.lines('other')]);

  change(home.databasePath, curse("NEW.name = 'cursed' AND NEW.status <> 'running'", 'UPDATE ON step_runs'));
  signals.open('gate');
  expect(await daemon.ended(other.id)).toMatchObject({ status: 'succeeded' });
  await until('the daemon to have met it', () => home.log().includes('a session is stuck'));
  expect(await daemon.client.session.get({ id: cursed.id })).toMatchObject({ status: 'running' });
  change(home.databasePath, lift);

  expect(await daemon.ended(cursed.id)).toMatchObject({ status: 'succeeded' });
  expect([await signals.lines('cursed'), await signals.lines('cursed-2')]).toEqual([['cursed'], ['cursed-2']]);
  expect((await daemon.client.daemon.ping()).pid).toBe(pid);
});

test('a spec task whose work can not be moved on stops no other task, and goes on when it can', async () => {
  await using setup = await setUpSpecTasks();
  const { daemon } = setup;
  const { pid, home } = daemon;
  const makes = (name: string) => ({ title: name, does: [`write ${name}.txt ${name}`, `commit Add ${name}`] });
  change(home.databasePath, curse("NEW.name = 'cursed' AND NEW.status = 'completed'", 'UPDATE ON work_sessions'));
  const first = await setup.started([makes('cursed')]);
  const second = await setup.started([makes('other')]);

  await setup.reached(second.id, 'implementation_review');
  expect((await setup.workSessions(first.id)).get('1')?.status).toBe('active');
  change(home.databasePath, lift);

  const task = await setup.reached(first.id, 'implementation_review');
  expect(await setup.repo.git('log', '--merges', '--format=%s', task.integrationBranch)).toBe('Merge cursed (#1)');
  expect((await daemon.client.daemon.ping()).pid).toBe(pid);
});

test('what hears of events may fail, hang or vanish in the middle: the next one hears them all the same', async () => {
  await using home = createHome();
  const hook = (name: string, script: string): string => {
    writeFileSync(home.path(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `[[hooks.events]]\non = "auth.*"\nrun = [${JSON.stringify(home.path(name))}]\n`;
  };
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config:
      hook('fails', 'exit 3') +
      hook('hangs', 'exec sleep 600') +
      hook('dies', 'kill -9 $$') +
      hook('hears', `cat >> ${signals.path('heard')}; echo >> ${signals.path('heard')}`),
  });
  const { client, pid } = daemon;
  await using leaves = await openRaw(home.socketPath);
  leaves.write('{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{}}\n');
  await leaves.takes(1);
  for (let n = 0; n < 3; n += 1) {
    await client.auth.createToken({ name: `token ${n}`, scopes: ['read'] });
    leaves.socket.destroy();
  }
  const heard = await until('the last hook to hear all', async () => {
    const lines = (await signals.lines('heard')).filter((line) => line !== '');
    return lines.length === 3 && lines;
  });
  expect(heard.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(Array.from({ length: 3 }, () => 'auth.tokenCreated'));
  expect((await client.daemon.ping()).pid).toBe(pid);
});
