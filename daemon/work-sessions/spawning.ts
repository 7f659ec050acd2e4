// A work session makes another: bounded in depth, width, number and pace, so that agents that call agents come to an end.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits as bounds } from '../../schemas/limits.ts';
import type { WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { branchOfSpawned } from '../spec-tasks/branches.ts';
import { settle } from '../store/receipts.ts';
import type { Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { type ControlDeps, refuse } from './control.ts';
import type { WorkLimits } from './needs.ts';
import { resolveWorkSession } from './resolve.ts';
import { freshWorkSession, workSessionSubject } from './transition.ts';
import { workSessionView } from './view.ts';

export type SpawnDeps = ControlDeps & { readonly agents: Pick<AgentRegistry, 'resolve'> };
type Wanted = OwnParamsOf<'workSession.spawn'>;

const paceMs = 60_000;

/**
 * Throws INVALID_TRANSITION unless the parent is active, LIMIT_EXCEEDED {what, limit, value}, PRECONDITION {reason: other_task} for a
 * dependency that belongs to another spec task.
 */
export async function spawnWorkSession(deps: SpawnDeps, wanted: Wanted, origin: Origin): Promise<WorkSession> {
  const parentId = resolveWorkSession(deps.store, wanted.parentId).id;
  const dependsOn = wanted.dependsOn.map((ref) => resolveWorkSession(deps.store, ref).id);
  return deps.store.write((w) => {
    const parent = freshWorkSession(w, parentId);
    if (parent.status !== 'active') refuse(parent, parent.status, 'only an active one makes others.');
    const task = w.specTasks.get(parent.specTaskId) as SpecTaskRecord;
    const all = w.workSessions.ofSpecTask(task.id);
    assertSameTask(parent, dependsOn, all);
    assertRoom({ parent, all, limits: deps.limits(), now: deps.clock.now() });
    const child = insertSpawned(deps, w, { task, parent, all, wanted, dependsOn, origin });
    return settle(w, origin.receipt, workSessionView(w, child));
  });
}

interface Room {
  readonly parent: WorkSessionRecord;
  readonly all: readonly WorkSessionRecord[];
  readonly limits: WorkLimits;
  readonly now: number;
}

function assertRoom({ parent, all, limits, now }: Room): void {
  const spawned = all.filter(({ kind }) => kind === 'spawned');
  const ofParent = spawned.filter(({ parentId, status }) => parentId === parent.id && status !== 'cancelled');
  const recent = spawned.filter(({ createdAt }) => createdAt > now - paceMs);
  const checks = [
    { what: 'spawn_depth', limit: limits.spawn_depth, value: parent.depth + 1, text: 'levels of work sessions below each other' },
    { what: 'children', limit: limits.children, value: ofParent.length + 1, text: `children of "${parent.name}"` },
    {
      what: 'sessions_per_task',
      limit: limits.sessions_per_task,
      value: spawned.length + 1,
      text: 'spawned work sessions of the spec task',
    },
    { what: 'spawns_per_minute', limit: limits.spawns_per_minute, value: recent.length + 1, text: 'spawned work sessions in a minute' },
    { what: 'work_sessions', limit: bounds.workSessionsPerTask, value: all.length + 1, text: 'work sessions of the spec task' },
  ];
  const broken = checks.find(({ limit, value }) => limit > 0 && value > limit);
  if (!broken) return;
  const { what, limit, value, text } = broken;
  // Only the pace passes by waiting.
  throw new Failure('LIMIT_EXCEEDED', `"${parent.name}" can make no other: ${value} ${text} are over the limit of ${limit}.`, {
    details: { what, limit, value },
    retryable: what === 'spawns_per_minute',
  });
}

function assertSameTask(parent: WorkSessionRecord, dependsOn: readonly string[], all: readonly WorkSessionRecord[]): void {
  const known = new Set(all.map(({ id }) => id));
  const stranger = dependsOn.find((id) => !known.has(id));
  if (stranger !== undefined) {
    throw new Failure('PRECONDITION', `"${stranger}" belongs to another spec task than "${parent.name}"; name those of this one.`, {
      details: { reason: 'other_task', workSessionId: stranger },
    });
  }
  if (dependsOn.includes(parent.id)) {
    throw new Failure('PRECONDITION', `A child of "${parent.name}" can not wait for its parent, which waits for it.`, {
      details: { reason: 'deadlock', workSessionId: parent.id },
    });
  }
}

interface Spawn {
  readonly task: SpecTaskRecord;
  readonly parent: WorkSessionRecord;
  readonly all: readonly WorkSessionRecord[];
  readonly wanted: Wanted;
  readonly dependsOn: readonly string[];
  readonly origin: Origin;
}

function insertSpawned(deps: SpawnDeps, w: Writer, { task, parent, all, wanted, dependsOn, origin }: Spawn): WorkSessionRecord {
  const { name, description, base, mergeInto, required } = wanted;
  const agent = wanted.agent === undefined ? parent.agent : deps.agents.resolve(wanted.agent).name;
  const child: WorkSessionRecord = {
    ...{ id: deps.ids.next('wks'), specTaskId: task.id, projectId: task.projectId, kind: 'spawned', parentId: parent.id },
    ...{ depth: parent.depth + 1, name, description, prompt: wanted.prompt ?? `${name}\n\n${description}`.trim() },
    ...{ status: 'pending', stage: 'waiting_dependencies', started: true, required, mergeInto, base, dependsOn: [...dependsOn] },
    ...{ branch: branchOfSpawned(task.branchPrefix, nextNumber(all), name), attempt: 1, turnsSeen: 0, verifyAttempts: 0, agent },
    ...{ createdAt: deps.clock.now(), version: 1 },
  };
  w.workSessions.insert(child);
  const data = { workSessionId: child.id, name, parentId: parent.id, depth: child.depth, branch: child.branch };
  w.events.append({ type: 'workSession.spawned', subject: workSessionSubject(child), actor: origin.actor, data });
  return child;
}

/** Of those that no plan names; rows stay, so no number comes twice. */
export function nextNumber(all: readonly WorkSessionRecord[]): number {
  return all.filter(({ kind }) => kind !== 'planned').length + 1;
}
