// What most stories begin with: a repository, a daemon that knows some commands, and a folder through which test and steps talk.
import { createSignals, type Signals } from './programs.ts';
import { createHome, type Home, type RealDaemon, type RealDaemonOptions, startRealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';

export interface Story extends AsyncDisposable {
  readonly repo: TestRepo;
  readonly home: Home;
  readonly signals: Signals;
  readonly daemon: RealDaemon;
}

/**
 *   await using story = await startStory((signals) => ({ commands: { hold: commandFile('hold', { steps: [shell(signals.waitFor('gate'))] }) } }));
 *   const { repo, signals, daemon } = story;
 */
export async function startStory(options: (signals: Signals) => Omit<RealDaemonOptions, 'home'>): Promise<Story> {
  const repo = await createTestRepo();
  const home = createHome();
  const signals = createSignals(home);
  try {
    const daemon = await startRealDaemon({ ...options(signals), home });
    const dispose = async (): Promise<void> => {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    };
    return { repo, home, signals, daemon, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await repo[Symbol.asyncDispose]();
    throw error;
  }
}
