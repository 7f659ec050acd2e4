// Worktrees where they cost most: in a large repository, and when many sessions start at once.
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { bigFiles, openBigGround } from './big-ground.ts';
import { bounded, compared } from './rows.ts';
import { run } from './run-program.ts';
import { timed } from './samples.ts';

/** Git compares what is as young as its index byte by byte; work that is removed is older than that. */
const agesMs = 1_100;

/** From the call to the event that worktree and terminal are there, with one that was checked out ahead. */
export const spareStart: Benchmark = {
  name: 'session.create.spare',
  priority: 'P1',
  takesMinutes: true,
  async open() {
    const big = await openBigGround(1);
    const { repo, daemon, tmux } = big;
    let count = 0;
    let path = '';
    let session: Awaited<ReturnType<typeof big.start>> | undefined;
    await big.settled(1);
    const ours = {
      async sample(): Promise<number> {
        count += 1;
        session = await big.start('bench-session', `bench/${count}`);
        return session.tookMs;
      },
      async undo(): Promise<void> {
        await session?.ended;
        if (session) await big.caller.call('session.remove', { id: session.id });
        await big.settled(1);
      },
    };
    const raw = {
      async sample(): Promise<number> {
        count += 1;
        path = daemon.home.path(`raw-worktrees/${count}`);
        const add = ['worktree', 'add', '-q', '-b', `raw/${count}`, path, 'main'];
        const terminal = ['new-session', '-d', '-s', `raw-${count}`, '-c', path, '-x', '200', '-y', '50'];
        return timed(async () => {
          await run('git', add, repo.env, repo.path);
          await run('tmux', [...tmux, ...terminal], daemon.home.env());
        });
      },
      async undo(): Promise<void> {
        await run('tmux', [...tmux, 'kill-session', '-t', `=raw-${count}`], daemon.home.env());
        await run('git', ['worktree', 'remove', '--force', path], repo.env, repo.path);
        await run('git', ['branch', '-q', '-D', `raw/${count}`], repo.env, repo.path);
      },
    };
    return {
      turns: { ours, raw },
      rows({ samples, failures }) {
        const name = `session.create (${bigFiles} files, a spare worktree ready)`;
        const spec = { name, raw: 'git worktree add + tmux new-session', unit: 'ms', kind: 'time', failures } as const;
        return [compared({ ...spec, target: { must: 0.25, aim: 0.06 } }, samples.ours ?? [], samples.raw ?? [])];
      },
      close: big.close,
    };
  },
};

/** Until it is answered: the proof that nothing is lost, which git's own removal makes too. */
export const removalBig: Benchmark = {
  name: 'session.remove',
  priority: 'P1',
  takesMinutes: true,
  async open() {
    const big = await openBigGround(0);
    const { repo, daemon, caller } = big;
    let count = 0;
    const age = async (path: string): Promise<void> => {
      await delay(agesMs);
      await run('git', ['status'], repo.env, path);
    };
    const ours = {
      async sample(): Promise<number> {
        count += 1;
        const { id, ended } = await big.start('bench-kept', `bench/${count}`);
        await ended;
        await age((await daemon.client.session.get({ id })).worktreePath ?? '');
        return timed(() => caller.call('session.remove', { id }));
      },
      undo: () => big.settled(0),
    };
    const raw = {
      async sample(): Promise<number> {
        count += 1;
        const path = daemon.home.path(`raw-worktrees/${count}`);
        await run('git', ['worktree', 'add', '-q', '-b', `raw/${count}`, path, 'main'], repo.env, repo.path);
        await age(path);
        return timed(async () => {
          await run('git', ['worktree', 'remove', path], repo.env, repo.path);
          await run('git', ['branch', '-q', '-d', `raw/${count}`], repo.env, repo.path);
        });
      },
    };
    return {
      turns: { ours, raw },
      rows({ samples, failures }) {
        const name = `session.remove (${bigFiles} files, until answered)`;
        const spec = { name, raw: 'git worktree remove + git branch -d', unit: 'ms', kind: 'time', failures } as const;
        return [compared({ ...spec, target: { must: 0.25, aim: 0.05 } }, samples.ours ?? [], samples.raw ?? [])];
      },
      close: big.close,
    };
  },
};

const together = 8;
const pingPauseMs = 1;

/** Eight starts at once, of sessions that go on, until the last has its terminal, and how long a ping takes meanwhile. */
export const startsTogether: Benchmark = {
  name: 'session.create.8',
  priority: 'P1',
  async open(ground) {
    const { repo, daemon, projectId } = ground;
    const [caller, events, pinger] = [await ground.lines('daemon'), await ground.lines('daemon'), await ground.lines('daemon')];
    await events.call('event.subscribe', { types: ['terminal.created', 'session.finished'] });
    const tmux = ['-S', daemon.path('raw-8.sock'), '-f', '/dev/null'];
    const folder = daemon.path('raw-8');
    mkdirSync(folder, { recursive: true });
    await run('tmux', [...tmux, 'new-session', '-d', '-s', 'hub', 'sleep 100000'], daemon.env);
    const pings: number[] = [];
    let count = 0;
    let ids: string[] = [];
    let names: string[] = [];
    let ended: Promise<unknown> = Promise.resolve();
    const all = (type: string): Promise<unknown> => {
      const seen = new Set<string>();
      return events.next((line) => {
        for (const [, id = ''] of line.matchAll(new RegExp(`"${type}","subject":\\{[^}]*"sessionId":"(\\w+)"`, 'g'))) seen.add(id);
        return seen.size === together;
      });
    };
    const nextNames = (prefix: string): string[] =>
      Array.from({ length: together }, () => {
        count += 1;
        return `${prefix}-${count}`;
      });
    const ours = {
      async sample(): Promise<number> {
        const created = all('terminal.created');
        ended = all('session.finished');
        const began = performance.now();
        const started = nextNames('bench').map((branch) =>
          caller.call<{ id: string }>('session.start', {
            ...{ project: projectId, command: 'bench-going-on', arguments: { branch }, environment: daemon.env },
          }),
        );
        await created;
        const took = performance.now() - began;
        ids = (await Promise.all(started)).map(({ id }) => id);
        return took;
      },
      async undo(): Promise<void> {
        for (const id of ids) await caller.call('session.cancel', { id });
        await ended;
        for (const id of ids) await caller.call('session.remove', { id });
        await delay(agesMs);
      },
    };
    // By itself: a thousand pings a second are work too, on the cores that the starts are measured on.
    const pinged = {
      async sample(): Promise<number> {
        let running = true;
        const pinging = (async () => {
          while (running) {
            pings.push(await timed(() => pinger.call('daemon.ping', {})));
            await delay(pingPauseMs);
          }
        })();
        const took = await ours.sample();
        running = false;
        await pinging;
        return took;
      },
      undo: () => ours.undo(),
    };
    const raw = {
      async sample(): Promise<number> {
        names = nextNames('raw');
        // Git 2.39 fails at random when two of them add a worktree to one repository at once.
        let turn: Promise<void> = Promise.resolve();
        return timed(() =>
          Promise.all(
            names.map(async (name) => {
              const path = `${folder}/${name}`;
              const add = ['worktree', 'add', '-q', '-b', name, path, 'main'];
              turn = turn.then(() => run('git', add, repo.env, repo.path));
              await turn;
              await run('tmux', [...tmux, 'new-session', '-d', '-s', name, '-c', path, '-x', '200', '-y', '50'], daemon.env);
            }),
          ),
        );
      },
      async undo(): Promise<void> {
        for (const name of names) {
          await run('tmux', [...tmux, 'kill-session', '-t', `=${name}`], daemon.env);
          await run('git', ['worktree', 'remove', '--force', `${folder}/${name}`], repo.env, repo.path);
          await run('git', ['branch', '-q', '-D', name], repo.env, repo.path);
        }
      },
    };
    return {
      turns: { ours, raw, pinged },
      rows({ samples, failures }) {
        const name = `session.create (${together} at once, 50 files)`;
        const spec = { name, raw: 'the same, git in turn', unit: 'ms', kind: 'time', failures } as const;
        const meanwhile = { name: '… daemon.ping meanwhile, p99', unit: 'ms', failures, target: { must: 30, aim: 10 } } as const;
        return [
          compared({ ...spec, target: { must: 1.15, aim: 0.95 } }, samples.ours ?? [], samples.raw ?? []),
          bounded(meanwhile, pings, 'p99'),
        ];
      },
      async close() {
        await run('tmux', [...tmux, 'kill-server'], daemon.env);
        for (const client of [caller, events, pinger]) client.close();
      },
    };
  },
};
