// Fifty sessions, started in one moment over five repositories whose main checkouts are in the middle of work; eight may run.
import { allEnded } from './all-ended.ts';
import { checkoutPrint } from './checkout-print.ts';
import { commandFile, createSignals, type Signals, shell } from './programs.ts';
import { createHome, type RealDaemon, type SessionRecord, startRealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';

export const maxRunning = 8;
const sessionCount = 50;
const repoCount = 5;
/** Sessions that leave their worktree: the first of each repository. */
const keptCount = repoCount;

export interface EndedSession {
  readonly session: SessionRecord;
  readonly repo: TestRepo;
  readonly branch: string;
  readonly kept: boolean;
}

export interface FiftySessions extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly signals: Signals;
  readonly repos: readonly TestRepo[];
  /** The main checkouts before the first session. */
  readonly before: readonly unknown[];
  readonly ended: readonly EndedSession[];
}

/** With staged, unstaged, untracked and ignored work. */
async function busyRepo(name: string): Promise<TestRepo> {
  const repo = await createTestRepo({ name });
  await repo.commit('base', { '.gitignore': 'ignored/\n', 'src/a.txt': `${name}\n`, 'src/b.txt': 'b\n' });
  await repo.write('src/a.txt', 'staged\n');
  await repo.git('add', 'src/a.txt');
  await repo.write('src/a.txt', 'unstaged\n');
  await repo.write('new.txt', 'untracked\n');
  await repo.write('ignored/x', 'ignored\n');
  return repo;
}

/**
 * Commits a file named for the session that tells where it was made: one step in the terminal, one beside it. The reference is what a push
 * leaves, so that the worktree may go.
 */
function work(name: string, keep: string, signals: Signals): string {
  const file = '"$COPPICE_SESSION_ID.txt"';
  const pushed = '"refs/remotes/origin/$COPPICE_BRANCH_NAME"';
  return commandFile(name, {
    arguments: ['n'],
    worktree: { branch: 'work/{{ n }}', keep },
    leases: [{ key: 'web', kind: 'port' }],
    steps: [
      shell(`${signals.tell('running', '+')}; echo "$PWD $COPPICE_BRANCH_NAME $COPPICE_LEASE_WEB" > ${file}; git add ${file}`),
      shell(`git commit -qm "$COPPICE_SESSION_ID" && git update-ref ${pushed} HEAD && ${signals.tell('running', '-')}`, {
        run_in: 'process',
      }),
    ],
  });
}

export async function runFiftySessions(): Promise<FiftySessions> {
  const home = createHome();
  const signals = createSignals(home);
  const commands = { keep: work('keep', 'always', signals), work: work('work', 'on_failure', signals) };
  const daemon = await startRealDaemon({ home, config: `[sessions]\nmax_running = ${maxRunning}\n`, commands });
  const repos = await Promise.all(Array.from({ length: repoCount }, (_, at) => busyRepo(`repo-${at}`)));
  const dispose = async (): Promise<void> => {
    await daemon[Symbol.asyncDispose]();
    for (const repo of repos) await repo[Symbol.asyncDispose]();
  };
  try {
    const projects = await Promise.all(repos.map(({ path }) => daemon.client.project.add({ path })));
    const before = await Promise.all(repos.map(checkoutPrint));
    const { cursor } = await daemon.client.daemon.status();
    const started = await Promise.all(
      Array.from({ length: sessionCount }, async (_, n) => {
        const at = n % repoCount;
        const kept = n < keptCount;
        const wanted = { project: projects[at]?.id as string, command: kept ? 'keep' : 'work', arguments: { n: String(n) } };
        const { id } = await daemon.client.session.start({ ...wanted, environment: home.env() });
        return { id, repo: repos[at] as TestRepo, branch: `work/${n}`, kept };
      }),
    );
    await allEnded(daemon, { after: cursor, count: sessionCount });
    const ended = started.map(async ({ id, ...facts }) => ({ ...facts, session: await daemon.client.session.get({ id }) }));
    return { daemon, signals, repos, before, ended: await Promise.all(ended), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
