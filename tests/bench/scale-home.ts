// Homes that a daemon has worked in for long: ended sessions of one step and their events, put straight into the store.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { Store, type Writer } from '../../daemon/store/store.ts';
import { idOf, projectId, projectRow, sessionRow, stepRow } from '../helpers/open-store.ts';
import { createHome, type Home } from '../helpers/real-daemon.ts';
import { quietConfig } from './ground.ts';

export interface HomeSize {
  readonly sessions: number;
  readonly events: number;
}

const slice = 5_000;

/** Nothing is pruned: as many events are kept as are written. */
export async function createScaleHome({ sessions, events }: HomeSize): Promise<Home> {
  const home = createHome();
  try {
    home.writeConfig(`${quietConfig}[events]\nkeep_rows = 100000000\n`);
    mkdirSync(home.stateDir, { recursive: true, mode: 0o700 });
    const options = { path: home.databasePath, backupDir: join(home.stateDir, 'backups'), clock: systemClock, random: Math.random };
    const store = new Store(options);
    await store.write((w) => w.projects.insert(projectRow({ path: home.dir, gitDir: home.path('.git') })));
    await inSlices(store, sessions, writeSession);
    await inSlices(store, events, (w, index) => writeEvent(w, index, sessions));
    store.close();
    return home;
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}

export const sessionIdOf = (index: number): string => idOf('ses', index);

async function inSlices(store: Store, count: number, write: (w: Writer, index: number) => void): Promise<void> {
  for (let from = 0; from < count; from += slice) {
    await store.write((w) => {
      for (let index = from; index < Math.min(count, from + slice); index += 1) write(w, index);
    });
  }
}

function writeSession(w: Writer, index: number): void {
  const at = Date.now();
  const times = { createdAt: at, startedAt: at, endedAt: at };
  const definition = JSON.stringify({ name: 'build', steps: [{ name: 'nothing', type: 'shell', action: 'true' }] });
  w.sessions.insert(sessionRow(index, { ...times, status: 'succeeded', arguments: { target: `app ${index}` }, definition }));
  const run = { startedAt: at, endedAt: at, exitCode: 0, outputSize: 12 };
  w.steps.insert(stepRow(index, { ...run, sessionId: sessionIdOf(index), status: 'succeeded' }));
}

/** As long as most are, and about one session after the other. */
function writeEvent(w: Writer, index: number, sessions: number): void {
  const of = index % sessions;
  const subject = { projectId, sessionId: sessionIdOf(of) };
  const data = { slug: `build-${of}`, commandName: 'build', kind: 'standard', status: 'queued' } as const;
  w.events.append({ type: 'session.created', subject, actor: 'owner', data });
}
