// Keeps the world as the daemon has it: everything once, then each row that an event is about. What comes while a row is read waits for
// the next round, so a burst of events costs a read a row, not one an event.
import { everyPage } from '../../../cli/every-page.ts';
import { reading } from '../../../cli/reading.ts';
import { type Client, isFailure } from '../../../index.ts';
import type { Touched } from './touched.ts';
import { sessionEnded, taskEnded, type World } from './world.ts';

export interface SyncOptions {
  readonly world: World;
  changed(): void;
  /** Something could not be read, so what is shown may be old. */
  failed(error: unknown): void;
}

/** Rows of what has ended or may be very many; what is live is always there. */
const mostSessions = 200;
const mostWorkSessions = 1_000;
const mostTasks = 1_000;

export class Sync {
  readonly #options: SyncOptions;
  #waiting = new Map<string, Touched>();
  #client: Client | undefined;
  #busy = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  async load(client: Client): Promise<void> {
    this.#client = client;
    this.#waiting.clear();
    const [projects, specTasks, workSessions, live, recent, attention] = await Promise.all([
      everyPage((page) => reading(() => client.project.list(page)), 'projects'),
      everyPage((page) => reading(() => client.specTask.list(page)), 'specTasks', mostTasks),
      everyPage((page) => reading(() => client.workSession.list(page)), 'workSessions', mostWorkSessions),
      everyPage((page) => reading(() => client.session.list({ ...page, status: ['active'] })), 'sessions'),
      everyPage((page) => reading(() => client.session.list(page)), 'sessions', mostSessions),
      everyPage((page) => reading(() => client.attention.list(page)), 'attention'),
    ]);
    const { world } = this.#options;
    replace(world.projects, projects);
    replace(world.specTasks, specTasks);
    replace(world.workSessions, workSessions);
    replace(world.sessions, [...recent, ...live]);
    replace(world.attention, attention);
    world.progress.clear();
    for (const { id } of specTasks) await this.#readProgress(client, id);
    this.#options.changed();
  }

  touch(client: Client, touched: readonly Touched[]): void {
    for (const one of touched) this.#waiting.set('id' in one ? `${one.kind} ${one.id}` : one.kind, one);
    this.#client = client;
    if (this.#waiting.size > 0 && !this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.size > 0 && this.#client !== undefined) {
        // A round may be the first one after a connection was made anew.
        const client = this.#client;
        const round = [...this.#waiting.values()];
        this.#waiting = new Map();
        if (round.some(({ kind }) => kind === 'everything')) await this.load(client);
        else await Promise.all(round.map((one) => this.#read(client, one)));
        forgetOldSessions(this.#options.world);
        this.#options.changed();
      }
    } catch (error) {
      this.#options.failed(error);
    } finally {
      this.#busy = false;
    }
  }

  async #read(client: Client, touched: Touched): Promise<void> {
    const { world } = this.#options;
    switch (touched.kind) {
      case 'projects':
        return replace(world.projects, await reading(() => everyPage((page) => client.project.list(page), 'projects')));
      case 'session':
        return put(world.sessions, touched.id, () => client.session.get({ id: touched.id }));
      case 'workSession':
        return put(world.workSessions, touched.id, () => client.workSession.get({ id: touched.id }));
      case 'attention':
        return put(
          world.attention,
          touched.id,
          () => client.attention.get({ id: touched.id }),
          ({ status }) => status === 'open',
        );
      case 'specTask':
        await put(
          world.specTasks,
          touched.id,
          () => client.specTask.get({ id: touched.id }),
          ({ archivedAt }) => archivedAt === undefined,
        );
        return this.#readProgress(client, touched.id);
      case 'everything':
    }
  }

  async #readProgress(client: Client, id: string): Promise<void> {
    const { progress, specTasks } = this.#options.world;
    const task = specTasks.get(id);
    if (task?.implementation === undefined || taskEnded(task)) progress.delete(id);
    else progress.set(id, (await reading(() => client.specTask.progress({ id }))).weighted);
  }
}

function replace<T extends { readonly id: string }>(rows: Map<string, T>, by: readonly T[]): void {
  rows.clear();
  for (const row of by) rows.set(row.id, row);
}

/** What is not there any more, or not to be shown, goes. */
async function put<T>(rows: Map<string, T>, id: string, ask: () => Promise<T>, wanted: (row: T) => boolean = () => true): Promise<void> {
  const row = await reading(ask).catch((error: unknown) => {
    if (isFailure(error) && error.kind === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (row === undefined || !wanted(row)) rows.delete(id);
  else rows.set(id, row);
}

function forgetOldSessions({ sessions }: World): void {
  const ended = [...sessions.values()].filter(sessionEnded).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  for (const { id } of ended.slice(mostSessions)) sessions.delete(id);
}
