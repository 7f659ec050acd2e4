// Sessions and their steps: what the daemon does around git, tmux and bash, beside these programs alone.
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { type Ground, outputBytes } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared } from './rows.ts';
import { run } from './run-program.ts';
import { timed } from './samples.ts';

/** Programs that were told to end do so a little later; without a pause one contender's cleanup falls into the other's time. */
const settleMs = 80;

/** From the call to the event that worktree and terminal are there; raw: `git worktree add`, then `tmux new-session`. */
export const sessionCreate: Benchmark = {
  name: 'session.create',
  priority: 'P0',
  async open(ground) {
    const { repo, daemon } = ground;
    const [caller, events] = [await ground.lines('daemon'), await ground.lines('daemon')];
    await events.call('event.subscribe', { types: ['worktree.created', 'terminal.created', 'session.finished'] });
    const parts = { ourWorktree: [] as number[], ourTerminal: [] as number[], rawWorktree: [] as number[], rawTerminal: [] as number[] };
    const tmux = ['-S', daemon.path('raw-tmux.sock'), '-f', '/dev/null'];
    mkdirSync(daemon.path('raw-worktrees'), { recursive: true });
    await run('tmux', [...tmux, 'new-session', '-d', '-s', 'hub', 'sleep 100000'], daemon.env);
    let count = 0;
    let ended: Promise<unknown> = Promise.resolve();
    let sessionId = '';
    let branch = '';
    let path = '';
    const ours = {
      async sample(): Promise<number> {
        count += 1;
        const checkedOut = events.next((line) => line.includes('"worktree.created"')).then(() => performance.now());
        const created = events.next((line) => line.includes('"terminal.created"'));
        ended = events.next((line) => line.includes('"session.finished"'));
        const startedAt = performance.now();
        const started = start(caller, ground, 'bench-session', { branch: `bench/${count}` });
        await created;
        const whole = performance.now() - startedAt;
        ({ id: sessionId } = await started);
        const worktree = (await checkedOut) - startedAt;
        parts.ourWorktree.push(worktree);
        parts.ourTerminal.push(whole - worktree);
        return whole;
      },
      async undo(): Promise<void> {
        await ended;
        await caller.call('session.remove', { id: sessionId });
        await delay(settleMs);
      },
    };
    const raw = {
      async sample(): Promise<number> {
        count += 1;
        branch = `raw/${count}`;
        path = daemon.path(`raw-worktrees/${count}`);
        const worktree = await timed(() => run('git', ['worktree', 'add', '-q', '-b', branch, path, 'main'], repo.env, repo.path));
        const session = ['new-session', '-d', '-s', `raw-${count}`, '-c', path, '-x', '200', '-y', '50'];
        const terminal = await timed(() => run('tmux', [...tmux, ...session], daemon.env));
        parts.rawWorktree.push(worktree);
        parts.rawTerminal.push(terminal);
        return worktree + terminal;
      },
      async undo(): Promise<void> {
        await run('tmux', [...tmux, 'kill-session', '-t', `=raw-${count}`], daemon.env);
        await run('git', ['worktree', 'remove', '--force', path], repo.env, repo.path);
        await run('git', ['branch', '-q', '-D', branch], repo.env, repo.path);
        await delay(settleMs);
      },
    };
    return {
      turns: { ours, raw },
      rows({ samples, failures }) {
        const spec = { unit: 'ms', kind: 'time', failures } as const;
        const measured = (values: readonly number[]): readonly number[] => values.slice(-(samples.ours?.length ?? 0));
        const whole = { name: 'session.create (worktree + terminal, 50 files)', raw: 'git worktree add + tmux new-session' };
        const first = { name: '… call → worktree.created', raw: 'git worktree add' };
        const second = { name: '… worktree.created → terminal.created', raw: 'tmux new-session' };
        return [
          compared({ ...spec, ...whole, target: { must: 1.1, aim: 0.85 } }, samples.ours ?? [], samples.raw ?? []),
          compared({ ...spec, ...first }, measured(parts.ourWorktree), measured(parts.rawWorktree)),
          compared({ ...spec, ...second }, measured(parts.ourTerminal), measured(parts.rawTerminal)),
        ];
      },
      async close() {
        await run('tmux', [...tmux, 'kill-server'], daemon.env);
        caller.close();
        events.close();
      },
    };
  },
};

/** Runs sessions that need nothing, and hears of their steps and their ends. */
async function openRunner(ground: Ground) {
  const [caller, events] = [await ground.lines('daemon'), await ground.lines('daemon')];
  await events.call('event.subscribe', { types: ['step.*', 'session.finished'] });
  let ids: string[] = [];
  return {
    events,
    /** Starts so many sessions at once and waits until the last of them has ended. */
    async run(command: string, count: number): Promise<void> {
      const ended = new Set<string>();
      const all = events.next((line) => {
        for (const [, id = ''] of line.matchAll(/"session\.finished","subject":\{[^}]*"sessionId":"(\w+)"/g)) ended.add(id);
        return ended.size === count;
      });
      const started = Promise.all(Array.from({ length: count }, () => start(caller, ground, command, {})));
      await all;
      ids = (await started).map(({ id }) => id);
    },
    undo: async (): Promise<void> => {
      for (const id of ids.splice(0)) await caller.call('session.remove', { id });
    },
    close: async (): Promise<void> => {
      caller.close();
      events.close();
    },
  };
}

const shell = (ground: Ground, text: string): Promise<void> => run('bash', ['-c', text], ground.daemon.env);

/** A step that does nothing: the step alone by its events, and the whole session around it; raw: `bash -c true`. */
export const stepSpawn: Benchmark = {
  name: 'step.spawn',
  priority: 'P0',
  async open(ground) {
    const runner = await openRunner(ground);
    const steps: number[] = [];
    const ours = {
      async sample(): Promise<number> {
        const began = runner.events.next((line) => line.includes('"step.started"')).then(() => performance.now());
        const done = runner.events.next((line) => line.includes('"step.finished"')).then(() => performance.now());
        const whole = await timed(() => runner.run('bench-step', 1));
        steps.push((await done) - (await began));
        return whole;
      },
      undo: runner.undo,
    };
    return {
      turns: { ours, raw: { sample: () => timed(() => shell(ground, 'true')) } },
      rows({ samples: { ours: whole = [], raw = [] }, failures }) {
        const spec = { raw: 'spawn bash -c true', unit: 'ms', kind: 'time', failures } as const;
        return [
          compared({ ...spec, name: 'step.spawn (step.started → step.finished)' }, steps.slice(-raw.length), raw),
          compared({ ...spec, name: 'step.spawn (whole session of one step)' }, whole, raw),
        ];
      },
      close: runner.close,
    };
  },
};

/** Three sessions at once, until the last has ended; raw: three programs at once. */
export const fanout: Benchmark = {
  name: 'fanout.3',
  priority: 'P0',
  async open(ground) {
    const runner = await openRunner(ground);
    const raw = (): Promise<unknown> => Promise.all([1, 2, 3].map(() => shell(ground, 'true')));
    return {
      turns: { ours: { sample: () => timed(() => runner.run('bench-step', 3)), undo: runner.undo }, raw: { sample: () => timed(raw) } },
      rows({ samples, failures }) {
        const spec = { name: 'fanout.3 (sessions of one step)', raw: 'bash -c true, three at once', unit: 'ms', kind: 'time' } as const;
        return [compared({ ...spec, failures }, samples.ours ?? [], samples.raw ?? [])];
      },
      close: runner.close,
    };
  },
};

/** A step that writes much; raw: the same program writing to a file. */
export const outputAppend: Benchmark = {
  name: 'output.append',
  priority: 'P1',
  async open(ground) {
    const runner = await openRunner(ground);
    const path = ground.daemon.path('raw-output');
    return {
      turns: {
        ours: { sample: () => timed(() => runner.run('bench-output', 1)), undo: runner.undo },
        raw: { sample: () => timed(() => shell(ground, `head -c ${outputBytes} /dev/zero > ${path}`)) },
      },
      rows({ samples, failures }) {
        const name = `output.append (${outputBytes / 1024 / 1024} MiB of a step)`;
        return [compared({ name, raw: 'the same into a file', unit: 'ms', kind: 'time', failures }, samples.ours ?? [], samples.raw ?? [])];
      },
      close: runner.close,
    };
  },
};

function start(caller: LineClient, { projectId, daemon }: Ground, command: string, args: Record<string, string>): Promise<{ id: string }> {
  return caller.call('session.start', { project: projectId, command, arguments: args, environment: daemon.env });
}
