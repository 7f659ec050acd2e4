// Ends a step for certain: its descendants, its orphans, which come to the wrapper, what carries the marks of the session in its
// environment, and who is in a scope of its own.
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { sleep } from '../kernel/retry.ts';
import { isAlive, lookAtAll, startTimeOf } from './proc.ts';
import { descendantsIn, markedIn, type Processes, type SessionMarker } from './process-table.ts';
import { processesIn } from './scope.ts';

export interface KillTreeOptions {
  /** The program of the step. Without it only what carries the marks is ended. */
  readonly childPid?: number | undefined;
  /** Never signalled: it writes down how the step ended. */
  readonly wrapperPid?: number | undefined;
  /** When the two began. */
  readonly wrapperStart?: number;
  readonly childStart?: number;
  /** Holds the step and nothing else: whoever is in it is ended, however it hid. */
  readonly cgroup?: string;
  readonly marker: SessionMarker;
  readonly graceMs?: number;
  readonly clock: Clock;
}

export interface KillTreeResult {
  /** The strongest signal that was needed; none when nothing lived. */
  readonly signal: 'SIGTERM' | 'SIGKILL' | undefined;
  /** What even SIGKILL did not end in time: a process in an uninterruptible wait, or one of another user. */
  readonly survivors: number[];
}

/** Sends SIGTERM, after the grace SIGKILL, and answers when all are dead. */
export async function killTree(options: KillTreeOptions): Promise<KillTreeResult> {
  const targets = createTargets(options);
  let living = await targets.find();
  if (living.length === 0) return { signal: undefined, survivors: [] };
  living = await signalUntilDead('SIGTERM', options.graceMs ?? limits.killGraceMs, living, targets, options.clock);
  if (living.length === 0) return { signal: 'SIGTERM', survivors: [] };
  return { signal: 'SIGKILL', survivors: await signalUntilDead('SIGKILL', confirmMs, living, targets, options.clock) };
}

const confirmMs = 2_000;
const firstPauseMs = 2;
const longestPauseMs = 50;
const looksPerScan = 10;

interface Targets {
  find(): Promise<number[]>;
  /** The start time at which a process was first seen. */
  startTime(pid: number): number | undefined;
}

function createTargets({ childPid, childStart, wrapperPid, wrapperStart, cgroup, marker }: KillTreeOptions): Targets {
  const seen = new Map<number, number>();
  // A step that ended long ago may have left its pid to a stranger.
  const isChild = (pid: number, all: Processes, marked: readonly number[]): boolean => {
    if (childStart !== undefined) return all.get(pid)?.startTime === childStart;
    return marked.includes(pid) || (wrapperPid !== undefined && all.get(pid)?.parent === wrapperPid);
  };
  return {
    startTime: (pid) => seen.get(pid),
    async find() {
      const all = await lookAtAll();
      const marked = markedIn(all, marker);
      const pids = new Set([...seen.keys(), ...marked, ...(cgroup === undefined ? [] : await processesIn(cgroup))]);
      // Below the wrapper are the step and its orphans, whatever those did to their environment.
      if (wrapperPid !== undefined && wrapperStart !== undefined && all.get(wrapperPid)?.startTime === wrapperStart) {
        for (const pid of descendantsIn(all, wrapperPid)) pids.add(pid);
      } else if (childPid !== undefined && isChild(childPid, all, marked)) {
        pids.add(childPid);
        for (const pid of descendantsIn(all, childPid)) pids.add(pid);
      }
      if (wrapperPid !== undefined) pids.delete(wrapperPid);
      const living: number[] = [];
      for (const pid of pids) {
        const startTime = await startTimeOf(pid);
        if (startTime === undefined) continue;
        if (!seen.has(pid)) seen.set(pid, startTime);
        if (await isAlive(pid, seen.get(pid))) living.push(pid);
      }
      return living;
    },
  };
}

/** Signals each process once, and those that a fork adds meanwhile, until nothing lives or the time is over. */
async function signalUntilDead(
  signal: 'SIGTERM' | 'SIGKILL',
  timeoutMs: number,
  first: number[],
  targets: Targets,
  clock: Clock,
): Promise<number[]> {
  const signalled = new Set<number>();
  let living = first;
  // Looking at everything takes its time too, so the grace is one of the clock and not of the pauses.
  const endsAt = clock.now() + timeoutMs;
  let pauseMs = firstPauseMs;
  while (living.length > 0 && clock.now() < endsAt) {
    for (const pid of living) {
      if (signalled.has(pid)) continue;
      signalled.add(pid);
      await send(pid, signal, targets.startTime(pid));
    }
    // A look at the known ones is cheap; a scan of everything, for what was forked meanwhile, comes when they are dead or now and then.
    for (let look = 0; look < looksPerScan && living.length > 0 && clock.now() < endsAt; look++) {
      await sleep(clock, pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      living = await stillAlive(living, targets);
    }
    // When the time is over, what is known to live gets the next signal first; who else is there is found out after that.
    if (living.length === 0 || clock.now() < endsAt) living = await targets.find();
  }
  return living;
}

async function stillAlive(pids: readonly number[], targets: Targets): Promise<number[]> {
  const living: number[] = [];
  for (const pid of pids) if (await isAlive(pid, targets.startTime(pid))) living.push(pid);
  return living;
}

// The start time is compared just before, so that a reused pid is not hit. A stopped process acts on SIGTERM only when continued.
async function send(pid: number, signal: 'SIGTERM' | 'SIGKILL', startTime: number | undefined): Promise<void> {
  if (!(await isAlive(pid, startTime))) return;
  try {
    process.kill(pid, signal);
    if (signal === 'SIGTERM') process.kill(pid, 'SIGCONT');
  } catch {
    // It died in between (ESRCH), or belongs to another user (EPERM) and then shows among the survivors.
  }
}
