// A large repository and a daemon of its own, in memory where the machine has room for it: the file system is not what is measured.
import { mkdirSync, statfsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';
import { quietConfig } from './ground.ts';
import { connectLines, type LineClient } from './line-client.ts';
import { run } from './run-program.ts';

export const bigFiles = 20_000;

export interface BigGround {
  readonly repo: TestRepo;
  readonly daemon: RealDaemon;
  readonly caller: LineClient;
  readonly events: LineClient;
  /** Of the raw contender. */
  readonly tmux: readonly string[];
  /** Starts a session in a worktree of its own, and waits until its terminal is there; answers its id and how long that took. */
  start(command: string, branch: string): Promise<{ id: string; tookMs: number; ended: Promise<unknown> }>;
  /** Waits until nothing of removed worktrees is left, and so many spares are ready. */
  settled(spares: number): Promise<void>;
  close(): Promise<void>;
}

const commands = {
  'bench-session':
    'name: bench-session\narguments: [branch]\nworktree: {branch: "{{ branch }}"}\nsteps: [{type: shell, action: "true", run_in: process}]\n',
  'bench-kept':
    'name: bench-kept\narguments: [branch]\nworktree: {branch: "{{ branch }}", keep: always}\nsteps: [{type: shell, action: "true", run_in: process}]\n',
};

export async function openBigGround(spares: number): Promise<BigGround> {
  const { repo, daemon } = await inMemory(async () => {
    const made = createTestRepo({ branch: 'main' });
    const started = startRealDaemon({ commands, config: `${quietConfig}[worktrees]\nspares = ${spares}\n` });
    return { repo: await made, daemon: await started };
  });
  const content = 'export const answer = 42;\n'.repeat(10);
  await repo.commit('files', Object.fromEntries(Array.from({ length: bigFiles }, (_, n) => [`d${n % 200}/s${n % 10}/f${n}.ts`, content])));
  const project = await daemon.client.project.add({ path: repo.path });
  const { home } = daemon;
  const [caller, events] = [await connectLines(home.socketPath), await connectLines(home.socketPath)];
  await events.call('event.subscribe', { types: ['terminal.created', 'session.finished'] });
  const tmux = ['-S', home.path('raw-tmux.sock'), '-f', '/dev/null'];
  mkdirSync(home.path('raw-worktrees'), { recursive: true });
  await run('tmux', [...tmux, 'new-session', '-d', '-s', 'hub', 'sleep 100000'], home.env());
  return {
    ...{ repo, daemon, caller, events, tmux },
    async start(command, branch) {
      const created = events.next((line) => line.includes('"terminal.created"'));
      const ended = events.next((line) => line.includes('"session.finished"'));
      // Whoever does not wait for it any more must not be brought down by it.
      ended.catch(() => undefined);
      const began = performance.now();
      const call = caller.call<{ id: string }>('session.start', {
        ...{ project: project.id, command, arguments: { branch }, environment: home.env() },
      });
      await created;
      const tookMs = performance.now() - began;
      return { id: (await call).id, tookMs, ended };
    },
    async settled(wanted) {
      await until('spares to be ready and removed files to be gone', async () => {
        const { gauges } = await daemon.client.daemon.metrics();
        return gauges.spare_worktrees === wanted && (await trashIn(home.worktreesDir)).length === 0;
      });
    },
    async close() {
      await run('tmux', [...tmux, 'kill-server'], home.env());
      caller.close();
      events.close();
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** Both helpers look at $TMPDIR when they are called. */
async function inMemory<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR;
  if (hasRoom('/dev/shm')) process.env.TMPDIR = '/dev/shm';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

const neededBytes = 2 * 1024 ** 3;

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > neededBytes;
  } catch {
    return false;
  }
}

async function trashIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const below = await Promise.all(names.map((name) => readdir(`${folder}/${name}`).catch(() => [] as string[])));
  return below.flat().filter((name) => name.startsWith('.coppice-trash-'));
}
