// The pure rules of instances and their threads.
import type { InstanceStatus, ThreadStatus } from '../../schemas/instance.ts';
import type { Transitions } from '../kernel/transitions.ts';

export const instanceTransitions: Transitions<InstanceStatus> = {
  starting: ['ready', 'lost', 'stopping', 'stopped', 'failed'],
  ready: ['stale', 'lost', 'stopping', 'stopped', 'failed'],
  stale: ['ready', 'lost', 'stopping', 'stopped', 'failed'],
  lost: ['starting', 'ready', 'stopping', 'stopped', 'failed'],
  stopping: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

export const threadTransitions: Transitions<ThreadStatus> = {
  pending: ['active', 'disconnected', 'completed', 'failed'],
  active: ['disconnected', 'completed', 'failed'],
  disconnected: ['pending', 'active', 'completed', 'failed'],
  completed: ['pending'],
  failed: ['pending'],
};

export const heartbeat = { everyMs: 15_000, staleAfterMs: 45_000, lostAfterMs: 120_000 } as const;

/** What the silence of an instance means; `silentMs` since its last beat. */
export function silenceOf(silentMs: number): 'alive' | 'stale' | 'lost' {
  if (silentMs > heartbeat.lostAfterMs) return 'lost';
  return silentMs > heartbeat.staleAfterMs ? 'stale' : 'alive';
}

/** Waits before each restart in a row; none is left after these. */
export const restartDelaysMs: readonly number[] = [15_000, 30_000, 60_000];

export function isLive(status: InstanceStatus): boolean {
  return status !== 'stopped' && status !== 'failed';
}

/** Its agent is not talked to any more, unless somebody takes it up again. */
export function hasEnded(status: ThreadStatus): boolean {
  return status === 'completed' || status === 'failed';
}
