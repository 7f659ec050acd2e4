// session.create and step.spawn: what the daemon does around git, tmux and bash, beside these programs alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ground } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared, type Row } from './rows.ts';
import { inTurn, timed } from './samples.ts';

/** Programs that were told to end do so a little later; without a pause one contender's cleanup falls into the other's time. */
const settleMs = 80;

/** From the call to the event that worktree and terminal are there; raw: `git worktree add`, then `tmux new-session`. */
export async function measureSessionCreate(ground: Ground, rounds: number): Promise<Row[]> {
  const { repo, daemon } = ground;
  const caller = await ground.lines('daemon');
  const events = await ground.lines('daemon');
  await events.call('event.subscribe', { types: ['worktree.created', 'terminal.created', 'session.finished'] });
  const parts = { ourWorktree: [] as number[], ourTerminal: [] as number[], rawWorktree: [] as number[], rawTerminal: [] as number[] };
  const tmux = ['-S', daemon.path('raw-tmux.sock'), '-f', '/dev/null'];
  mkdirSync(daemon.path('raw-worktrees'));
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
  try {
    const { samples, failures } = await inTurn({ ours, raw }, rounds);
    const target = { must: 1.1, aim: 0.85 };
    const spec = { unit: 'ms', kind: 'time', failures } as const;
    const measured = (values: readonly number[]): readonly number[] => values.slice(-samples.ours.length);
    const whole = { ...spec, name: 'session.create (worktree + terminal, 50 files)', raw: 'git worktree add + tmux new-session', target };
    return [
      compared(whole, samples.ours, samples.raw),
      compared(
        { ...spec, name: '… call → worktree.created', raw: 'git worktree add' },
        measured(parts.ourWorktree),
        measured(parts.rawWorktree),
      ),
      compared(
        { ...spec, name: '… worktree.created → terminal.created', raw: 'tmux new-session' },
        measured(parts.ourTerminal),
        measured(parts.rawTerminal),
      ),
    ];
  } finally {
    await run('tmux', [...tmux, 'kill-server'], daemon.env).catch(() => undefined);
  }
}

/** A step that does nothing: the step alone by its events, and the whole session around it; raw: `bash -c true`. */
export async function measureStepSpawn(ground: Ground, rounds: number): Promise<Row[]> {
  const caller = await ground.lines('daemon');
  const events = await ground.lines('daemon');
  await events.call('event.subscribe', { types: ['step.*', 'session.finished'] });
  const steps: number[] = [];
  let sessionId = '';
  const ours = {
    async sample(): Promise<number> {
      const began = events.next((line) => line.includes('"step.started"')).then(() => performance.now());
      const done = events.next((line) => line.includes('"step.finished"')).then(() => performance.now());
      const finished = events.next((line) => line.includes('"session.finished"'));
      const whole = await timed(async () => {
        const started = start(caller, ground, 'bench-step', {});
        await finished;
        ({ id: sessionId } = await started);
      });
      steps.push((await done) - (await began));
      return whole;
    },
    undo: async (): Promise<void> => void (await caller.call('session.remove', { id: sessionId })),
  };
  const raw = { sample: () => timed(() => run('bash', ['-c', 'true'], ground.daemon.env)) };
  const { samples, failures } = await inTurn({ ours, raw }, rounds);
  const spec = { raw: 'spawn bash -c true', unit: 'ms', kind: 'time', failures } as const;
  return [
    compared({ ...spec, name: 'step.spawn (step.started → step.finished)' }, steps.slice(-samples.raw.length), samples.raw),
    compared({ ...spec, name: 'step.spawn (whole session of one step)' }, samples.ours, samples.raw),
  ];
}

function start(caller: LineClient, { projectId, daemon }: Ground, command: string, args: Record<string, string>): Promise<{ id: string }> {
  return caller.call('session.start', { project: projectId, command, arguments: args, environment: daemon.env });
}

async function run(program: string, words: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): Promise<void> {
  const child = spawn(program, words, { env, stdio: 'ignore', ...(cwd === undefined ? {} : { cwd }) });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${code}`);
}
