// A world as `coppice top` knows it: one project, one spec task whose items wait for each other, one session, one thing that waits.
import { emptyWorld, type World } from '../../../client/cli/top/world.ts';
import type { Attention, ImplTask, SpecTask, WorkSession } from '../../../schemas/index.ts';
import { at, ids } from './fake-daemon.ts';
import { session } from './records.ts';

const idOf = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, '0')}`;
export const taskId = idOf('tsk', 1);
export const attentionId = idOf('att', 1);
export const workId = (n: number): string => idOf('wks', n);
export const itemId = (n: number): string => idOf('imp', n);

/** Only what the view reads is filled in. */
export function item(n: number, title: string, ...after: readonly number[]): ImplTask {
  const rest = { status: 'pending', waitsFor: after.length === 0 ? undefined : `waits for ${after.join(', ')}` };
  return { id: itemId(n), specTaskId: taskId, label: String(n), title, dependencies: after.map(itemId), ...rest } as unknown as ImplTask;
}

export function work(n: number, more: Partial<WorkSession> = {}): WorkSession {
  const fixed = { id: workId(n), specTaskId: taskId, implTaskId: itemId(n), name: `work ${n}`, dependsOn: [], agent: 'codex' };
  return { ...fixed, status: 'active', stage: 'running', startedAt: at, createdAt: at, ...more } as unknown as WorkSession;
}

export function attention(more: Partial<Attention> = {}): Attention {
  return { id: attentionId, kind: 'review', status: 'open', title: 'Review the plan', specTaskId: taskId, raisedAt: at, ...more };
}

export function sampleWorld(name = 'Log people in'): World {
  const world = emptyWorld();
  world.projects.set(ids.project, { id: ids.project, name: 'shop', path: '/src/shop', createdAt: at });
  world.sessions.set(ids.session, { session: session(), step: 'compile' });
  world.attention.set(attentionId, attention());
  const specTask = { id: taskId, number: 3, projectId: ids.project, name, status: 'implementation', createdAt: at } as unknown as SpecTask;
  const agentState = { state: 'working', source: 'protocol', since: at } as const;
  world.tasks.set(taskId, {
    specTask,
    progress: { overallProgress: 0, weighted: 0.4, planning: 1, implementation: 0, validation: 0, counts: {} },
    implTasks: [item(1, 'Table'), item(2, 'Use it', 1), item(3, 'Docs'), item(4, 'All', 2, 3)],
    workSessions: [work(1, { agentState })],
  });
  return world;
}
