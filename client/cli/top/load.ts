// Asks the daemon for what the view shows: everything once, then only what an event names.
import { isFailure } from '../../../schemas/errors.ts';
import type { SpecTask } from '../../../schemas/index.ts';
import { specTaskStatuses } from '../../../schemas/task-words.ts';
import type { Client } from '../../client.ts';
import { everyPage } from '../every-page.ts';
import { hasEnded } from '../follow-session.ts';
import { reading } from '../reading.ts';
import { emptyWorld, type SessionView, type Stale, type TaskView, taskHasEnded, type World } from './world.ts';

/** Of what has ended, the newest ones are shown. */
const endedShown = 10;
/** Calls on the way at once. */
const callsAtOnce = 8;

export function load(client: Client, signal: AbortSignal): Promise<World> {
  return reading(async () => {
    const world = emptyWorld();
    const openStatuses = specTaskStatuses.filter((status) => !taskHasEnded({ status }));
    const [projects, openTasks, endedTasks, active, ended, attention] = await Promise.all([
      everyPage((page) => client.project.list(page), 'projects'),
      everyPage((page) => client.specTask.list({ ...page, status: openStatuses }), 'specTasks'),
      client.specTask.list({ status: ['done', 'cancelled'], limit: endedShown }),
      everyPage((page) => client.session.list({ ...page, status: ['active'] }), 'sessions'),
      client.session.list({ status: ['succeeded', 'failed', 'cancelled', 'lost'], limit: endedShown }),
      everyPage((page) => client.attention.list(page), 'attention'),
    ]);
    for (const project of projects) world.projects.set(project.id, project);
    for (const one of attention) world.attention.set(one.id, one);
    for (const session of [...active, ...ended.sessions]) world.sessions.set(session.id, { session, step: undefined });
    for (const specTask of [...openTasks, ...endedTasks.specTasks]) world.tasks.set(specTask.id, withoutItems(specTask));
    const running = active.filter(({ status, specTaskId }) => status !== 'queued' && specTaskId === undefined);
    const first = [...openTasks.map(({ id }): Stale => `task ${id}`), ...running.map(({ id }): Stale => `session ${id}`)];
    await refresh(client, world, first, signal);
    return world;
  }, signal);
}

/** Asks again for these records, and puts the answers into the world. What is gone leaves it. */
export async function refresh(client: Client, world: World, stale: readonly Stale[], signal: AbortSignal): Promise<void> {
  const left = [...stale];
  const worker = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await refreshOne(client, world, next, signal);
  };
  await Promise.all(Array.from({ length: Math.min(callsAtOnce, stale.length) }, worker));
}

/** A view that is open for weeks keeps no more of what has ended than one that is opened now. */
export function forgetOld({ sessions, tasks }: World): void {
  const endedSessions = [...sessions.values()].map(({ session }) => session).filter(hasEnded);
  for (const { id } of beyondShown(endedSessions)) sessions.delete(id);
  const endedTasks = [...tasks.values()].map(({ specTask }) => specTask).filter(taskHasEnded);
  for (const { id } of beyondShown(endedTasks)) tasks.delete(id);
}

function beyondShown<T extends { readonly createdAt: string }>(ended: readonly T[]): T[] {
  return ended.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(endedShown);
}

async function refreshOne(client: Client, world: World, stale: Stale, signal: AbortSignal): Promise<void> {
  const [noun = '', id = ''] = stale.split(' ');
  if (noun === 'session') await replace(world.sessions, id, () => sessionView(client, id), signal);
  else if (noun === 'task') await replace(world.tasks, id, () => taskView(client, id), signal);
  else {
    const attention = async () => {
      const found = await client.attention.get({ id });
      return found.status === 'open' ? found : undefined;
    };
    await replace(world.attention, id, attention, signal);
  }
}

async function replace<T>(map: Map<string, T>, id: string, ask: () => Promise<T | undefined>, signal: AbortSignal): Promise<void> {
  const found = await reading(ask, signal).catch((error: unknown) => {
    if (isFailure(error) && error.kind === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (found === undefined) map.delete(id);
  else map.set(id, found);
}

async function sessionView(client: Client, id: string): Promise<SessionView> {
  const { stepRuns, sharedData: _, ...session } = await client.session.get({ id });
  const step = hasEnded(session) ? undefined : stepRuns.findLast(({ status }) => status === 'running');
  return { session, step: step?.name };
}

async function taskView(client: Client, id: string): Promise<TaskView | undefined> {
  const { specTask, progress, implTasks, workSessions } = await client.specTask.overview({ id });
  return specTask.archivedAt === undefined ? { specTask, progress, implTasks, workSessions } : undefined;
}

function withoutItems(specTask: SpecTask): TaskView {
  return { specTask, implTasks: [], workSessions: [] };
}
