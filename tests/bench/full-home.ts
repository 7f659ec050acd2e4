// The home of a daemon that has been in use for long: ended sessions with their steps, and a long log.
import { cloneSession } from '../helpers/clone-history.ts';
import { createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { writeLongLog } from './long-log.ts';

export interface FullHomeOptions {
  readonly sessions: number;
  /** Beside those of the sessions. */
  readonly events: number;
  /** The text of config.toml. */
  readonly config?: string;
}

const command = `name: bench-step
lifecycle: standard
steps: [{name: nothing, type: shell, action: "true"}]
`;

/** No daemon runs on it yet. One session is real, the others are copies of its rows. */
export async function createFullHome({ sessions, events, config }: FullHomeOptions): Promise<Home> {
  const home = createHome();
  const repo = await createTestRepo({ branch: 'main' });
  const dispose = async (): Promise<void> => {
    await home[Symbol.asyncDispose]();
    await repo[Symbol.asyncDispose]();
  };
  try {
    const daemon = await startRealDaemon({ home, commands: { 'bench-step': command }, ...(config === undefined ? {} : { config }) });
    const { id } = await daemon.start(repo.path, 'bench-step');
    await daemon.ended(id);
    await daemon.client.close();
    await daemon.stop();
    cloneSession(home.databasePath, id, sessions - 1);
    await writeLongLog(home, events);
    return { ...home, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
