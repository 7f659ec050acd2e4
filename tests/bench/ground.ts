// What every measurement stands on: a real daemon with a long log, its raw limit in a process of its own, and a repository of 50 files for
// both.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rssMiB } from '../helpers/processes.ts';
import { createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { connectLines, type LineClient } from './line-client.ts';
import { writeLongLog } from './long-log.ts';

const files = 50;
/** Events that the daemon finds in its log. */
export const wholeHistory = 1_000_000;
export const quickHistory = 30_000;
export const outputBytes = 16 * 1024 * 1024;
/** Its own watch would read what a benchmark has told it to read. */
export const quietConfig = '[hot_reload]\nenabled = false\n';

const commands = {
  'bench-session': `name: bench-session
arguments: [branch]
worktree: {branch: "{{ branch }}"}
steps: [{name: nothing, type: shell, action: "true", run_in: process}]
`,
  'bench-going-on': `name: bench-going-on
arguments: [branch]
worktree: {branch: "{{ branch }}"}
steps: [{name: wait, type: shell, action: "exec sleep 1000", run_in: process}]
`,
  'bench-step': `name: bench-step
lifecycle: standard
steps: [{name: nothing, type: shell, action: "true"}]
`,
  'bench-output': `name: bench-output
lifecycle: standard
steps: [{name: much, type: shell, action: "head -c ${outputBytes} /dev/zero", run_in: process}]
`,
};

export interface Ground extends AsyncDisposable {
  readonly repo: TestRepo;
  /** Events that the daemon found in its log. */
  readonly history: number;
  readonly projectId: string;
  /** Ended, with one step: what session.get answers about. */
  readonly sessionId: string;
  readonly daemon: Pick<Home, 'socketPath' | 'databasePath' | 'path' | 'writeConfig'> & {
    readonly pid: number;
    readonly env: Record<string, string>;
  };
  readonly rawPid: number;
  readonly rawSocketPath: string;
  /** Resident memory of the daemon before anybody asked it anything. */
  readonly idleRssMiB: number;
  /** A connection of its own, closed at the end. */
  lines(to: 'daemon' | 'raw'): Promise<LineClient>;
}

export async function prepareGround(history = wholeHistory): Promise<Ground> {
  await using stack = new AsyncDisposables();
  const repo = stack.own(await createTestRepo({ branch: 'main' }));
  const content = 'export const answer = 42;\n'.repeat(40);
  await repo.commit('files', Object.fromEntries(Array.from({ length: files }, (_, index) => [`d${index % 10}/f${index}.ts`, content])));
  const home = createHome();
  await writeLongLog(home, history);
  const real = stack.own(await startRealDaemon({ home, commands, config: quietConfig }));
  const { pid } = real;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const idleRssMiB = rssMiB(pid);
  const project = await real.client.project.add({ path: repo.path });
  const session = await real.start(repo.path, 'bench-step');
  await real.ended(session.id);
  const answers = {
    'daemon.ping': await real.client.daemon.ping({}),
    'session.get': await real.client.session.get({ id: session.id }),
  };
  writeFileSync(home.path('answers.json'), JSON.stringify(answers));
  const rawSocket = home.path('raw.sock');
  const raw = stack.own(await startRaw([rawSocket, home.path('raw.db'), home.path('answers.json'), home.databasePath]));
  const kept = stack.move();
  return {
    repo,
    history,
    projectId: project.id,
    sessionId: session.id,
    daemon: { ...home, pid, env: home.env() },
    rawPid: raw.pid,
    rawSocketPath: rawSocket,
    idleRssMiB,
    async lines(to) {
      const client = await connectLines(to === 'daemon' ? home.socketPath : rawSocket);
      kept.own({ [Symbol.asyncDispose]: async () => client.close() });
      return client;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

async function startRaw(words: readonly string[]): Promise<AsyncDisposable & { readonly pid: number }> {
  const program = new URL('./raw-server.mjs', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(child.stdout as NonNullable<typeof child.stdout>, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the raw server did not start'))),
  ]);
  return {
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Undone in reverse; Node 20 has no AsyncDisposableStack. */
class AsyncDisposables implements AsyncDisposable {
  #owned: AsyncDisposable[] = [];

  own<T extends AsyncDisposable>(thing: T): T {
    this.#owned.push(thing);
    return thing;
  }

  move(): AsyncDisposables {
    const other = new AsyncDisposables();
    other.#owned = this.#owned;
    this.#owned = [];
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#owned.splice(0).reverse()) await thing[Symbol.asyncDispose]();
  }
}
