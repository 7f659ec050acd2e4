// What a soak runs on: a daemon, a repository with commands of every sort, and chance from one seed.
import { type Client, connect } from '../../client/index.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { seededRandom } from '../helpers/seeded-random.ts';
import { fakeAgentConfig } from '../helpers/spec-task-setup.ts';

export interface Chance {
  /** From 0 to below. */
  below(most: number): number;
  pick<T>(items: readonly T[]): T;
  /** True so often of 100 times. */
  percent(share: number): boolean;
}

export interface Ground extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly repo: TestRepo;
  readonly project: string;
  readonly client: Client;
  readonly chance: Chance;
  /** Aborted when the time is over: whoever began something ends it and begins no more. */
  readonly over: AbortSignal;
  readonly tally: Record<Counted, number>;
}

export const counted = ['sessions', 'cancelled', 'specTasks', 'subscribers', 'webSockets', 'reloads', 'collections', 'events'] as const;
export type Counted = (typeof counted)[number];

export const commands: Readonly<Record<string, string>> = {
  quick: commandFile('quick', { steps: [shell('echo quick')] }),
  fails: commandFile('fails', { steps: [shell('exit 3')], cleanup_on_failure: ['echo cleaned'] }),
  hangs: commandFile('hangs', { steps: [shell('sleep 300 & wait')] }),
  flood: commandFile('flood', { steps: [shell('head -c 1000000 /dev/zero')] }),
  terminal: commandFile('terminal', { session: { keep: 'never' }, steps: [shell('echo in a terminal')] }),
  'terminal-hangs': commandFile('terminal-hangs', { session: { keep: 'never' }, steps: [shell('sleep 300')] }),
  work: commandFile('work', {
    arguments: ['n'],
    worktree: { branch: 'work/{{ n }}', keep: 'on_failure' },
    leases: [{ key: 'web', kind: 'port' }],
    steps: [
      shell('echo "$COPPICE_SESSION_ID" > made.txt; git add made.txt; git commit -qm made'),
      // What a push leaves, so that the worktree may go.
      shell('git update-ref "refs/remotes/origin/$COPPICE_BRANCH_NAME" HEAD', { run_in: 'process' }),
    ],
  }),
  'work-fails': commandFile('work-fails', {
    arguments: ['n'],
    worktree: { branch: 'work/{{ n }}', keep: 'always' },
    steps: [shell('echo work > made.txt; exit 1', { run_in: 'process' })],
  }),
};

export function configText(turn: number): string {
  return fakeAgentConfig(`[sessions]\nmax_running = 6\ntimeout = ${600 + turn}\n[hot_reload]\ndebounce_ms = 100\n`);
}

export async function openGround(seed: number, over: AbortSignal): Promise<Ground> {
  const repo = await createTestRepo();
  // A free port for the inspector, should it be asked for; a small nursery, so that garbage does not look like growth.
  const env = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0 --max-semi-space-size=1' };
  const daemon = await startRealDaemon({ commands, config: configText(0), env });
  const client = await connect({ socketPath: daemon.home.socketPath, env: daemon.home.env(), clientName: 'soak' });
  const project = (await client.project.add({ path: repo.path })).id;
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  return {
    ...{ daemon, repo, project, client, over },
    chance: { below, pick: (items) => items[below(items.length)] as (typeof items)[number], percent: (share) => random() * 100 < share },
    tally: Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>,
    async [Symbol.asyncDispose]() {
      await client.close();
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** Waits so long at most, less when the time is over. */
export function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      over.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (over.aborted) end();
    else over.addEventListener('abort', end);
  });
}
