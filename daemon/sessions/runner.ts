// Drives one session after another work item until its rows say that it is over. All state is in the rows, so a new daemon goes on where
// the old one stopped.
import { isFailure, isStoreTrouble } from '../../schemas/errors.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon } from '../kernel/origin.ts';
import { sleep } from '../kernel/retry.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { KillTreeOptions, KillTreeResult } from '../tools/kill-tree.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import { waitUntil } from './backoff.ts';
import { loadContext, snapshotOf, tolerates } from './context.ts';
import type { DaemonStepRunner } from './daemon-step.ts';
import { dropEnvironment, type EnvFiles } from './env-file.ts';
import { nextWork, type Verdict } from './machine.ts';
import { outcomeOf } from './outcome.ts';
import type { BuiltinsFor } from './own-scripts.ts';
import { makeArtifactFolders } from './paths.ts';
import { partOf } from './positions.ts';
import { cleanupRows } from './rows.ts';
import type { StepRunner, StopReason } from './run-step.ts';
import { writeDefinition, writePrompt, writeSessionRecord } from './session-files.ts';
import { abandon, beginRunning, endStep, finish, skipStep } from './transitions.ts';
import { isWanted } from './wanted.ts';

export interface SessionRunner {
  /** Runs a session that has left the queue to its end. */
  drive(sessionId: string): Promise<void>;
  /** Ends the running step of a session, if it has one. */
  interrupt(sessionId: string): void;
  /** Lets go of everything; what runs outside of the daemon lives on. */
  stop(): Promise<void>;
}

export interface SessionRunnerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly ids: Ids;
  readonly log: Log;
  readonly envFiles: EnvFiles;
  readonly steps: StepRunner;
  readonly daemonSteps: DaemonStepRunner;
  readonly artifacts: ArtifactService;
  readonly builtinsFor: BuiltinsFor;
  readonly killTree: (options: KillTreeOptions) => Promise<KillTreeResult>;
  readonly leftovers: Pick<Leftovers, 'unwatch'>;
  readonly onFinished: () => void;
}

interface Drive {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

const shortestPauseMs = 500;
const longestPauseMs = 30_000;

export function createSessionRunner(deps: SessionRunnerDeps): SessionRunner {
  const { store, clock, log } = deps;
  const drives = new Map<string, Drive>();
  const shutdown = new AbortController();

  const runStep = async (sessionId: string, step: StepRecord, isResumed: boolean, cancel: AbortSignal): Promise<void> => {
    // A cancel ends the body. Acquiring is not cut off half-way, and cleanup, finally and release run on through it.
    const signal = partOf(step) === 'body' ? AbortSignal.any([cancel, shutdown.signal]) : shutdown.signal;
    if (step.retryAt !== undefined && !(await backOff(sessionId, step, step.retryAt, signal))) return;
    const context = await loadContext(store, deps.envFiles, sessionId);
    const isFirst = step.status === 'pending' && step.retryAt === undefined;
    if (isFirst && !isWanted(context, step)) return store.write((w) => skipStep(w, context.session, step));
    if (step.runIn === 'daemon') return deps.daemonSteps.run(context, step, signal);
    return isResumed && step.status === 'running' ? deps.steps.adopt(context, step, signal) : deps.steps.run(context, step, signal);
  };

  /** Waits for the next attempt of a step; false when it does not come to it. */
  const backOff = async (sessionId: string, step: StepRecord, retryAt: number, signal: AbortSignal): Promise<boolean> => {
    try {
      await waitUntil(deps.deadlines, step.id, retryAt, signal);
      return true;
    } catch (reason) {
      if (reason !== 'cancelled') return false;
      const session = store.read((r) => r.sessions.get(sessionId));
      if (session) await store.write((w) => endStep(w, session, step, { status: 'cancelled', reason }, clock.now()));
      return false;
    }
  };

  /** One work item; false when the session is over. */
  const advance = async (sessionId: string, cancel: AbortSignal): Promise<boolean> => {
    const { session, steps } = store.read((r) => ({ session: r.sessions.get(sessionId), steps: r.steps.ofSession(sessionId) }));
    if (!session || session.endedAt !== undefined) return false;
    const work = nextWork(session, steps, tolerates(session));
    switch (work.do) {
      case 'resume':
      case 'run':
        await attempt(session, work.step, work.do === 'resume', cancel);
        return true;
      case 'abandon': {
        if (isEndedByUs(work.verdict)) await endStragglers(sessionId);
        const { definition } = snapshotOf(session);
        const builtins = await deps.builtinsFor(session.projectPath, definition);
        const cleanup = cleanupRows({ sessionId, definition, kind: session.kind, builtins, ids: deps.ids });
        await store.write((w) => abandon(w, session, work.verdict, cleanup));
        return true;
      }
      case 'finish':
        await conclude(session, work.verdict);
        return false;
    }
  };

  /** The step that ran is dead by now; what earlier ones left in the background is no less the session's. */
  const endStragglers = async (sessionId: string): Promise<void> => {
    const { survivors } = await deps.killTree({ marker: { sessionId, stepIndex: 'any' }, clock });
    if (survivors.length > 0) log.warn({ sessionId, pids: survivors }, 'processes of a session could not be ended');
  };

  /** A step that cannot even be prepared has failed; the session goes on to its cleanup. */
  const attempt = async (session: SessionRecord, step: StepRecord, isResumed: boolean, cancel: AbortSignal): Promise<void> => {
    try {
      if (session.status === 'preparing') await prepare(session, step);
      await runStep(session.id, step, isResumed, cancel);
    } catch (error) {
      if (isFailure(error) && error.kind === 'SHUTTING_DOWN') return;
      // That nobody could write it down tells nothing of the step itself, which may run.
      if (isStoreTrouble(error)) throw error;
      log.error({ err: error, sessionId: session.id, stepRunId: step.id }, `the step "${step.name}" could not be run`);
      await store.write((w) => endStep(w, session, step, outcomeOf.unforeseen(error), clock.now()));
    }
  };

  const prepare = async (session: SessionRecord, step: StepRecord): Promise<void> => {
    makeArtifactFolders(session.artifactDir);
    if (partOf(step) === 'body') await writeFiles(session);
    if (partOf(step) !== 'acquire') await store.write((w) => beginRunning(w, session, clock.now()));
  };

  /** Once, when the worktree and terminal are there and no step has begun. */
  const writeFiles = async (session: SessionRecord): Promise<void> => {
    const { lookup, secrets } = await loadContext(store, deps.envFiles, session.id);
    writeDefinition(session);
    writeSessionRecord(store, session.id);
    const { prompt, promptIsPlain } = secrets;
    if (prompt !== undefined) writePrompt(session.artifactDir, prompt, promptIsPlain ? undefined : lookup);
    await deps.artifacts.index(session, byDaemon.actor);
  };

  const conclude = async (session: SessionRecord, verdict: Verdict): Promise<void> => {
    try {
      writeSessionRecord(store, session.id, { verdict, at: clock.now() });
      await deps.artifacts.index(session, byDaemon.actor);
    } catch (error) {
      // The files are there and can be indexed again; the end of the session must not wait for it.
      log.warn({ err: error, sessionId: session.id }, 'the artifacts of a session could not be indexed');
    }
    await store.write((w) => finish(w, session, verdict, clock.now()));
    await dropEnvironment(deps.envFiles, session);
    deps.leftovers.unwatch(session.id);
  };

  /** A session that cannot go on now is looked at again, as after a start: its rows keep what is known. */
  const loop = async (sessionId: string, cancel: AbortSignal): Promise<void> => {
    let pauseMs = shortestPauseMs;
    for (let goesOn = true; goesOn && !shutdown.signal.aborted; ) {
      try {
        goesOn = await advance(sessionId, cancel);
        pauseMs = shortestPauseMs;
      } catch (error) {
        if (shutdown.signal.aborted) break;
        log.error({ err: error, sessionId, pauseMs }, 'a session is stuck; it is tried again after a pause');
        await sleep(clock, pauseMs, shutdown.signal).catch(() => undefined);
        pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      }
    }
    drives.delete(sessionId);
    if (!shutdown.signal.aborted) deps.onFinished();
  };
  return {
    drive(sessionId) {
      const running = drives.get(sessionId);
      if (running) return running.done;
      const cancel = new AbortController();
      const done = loop(sessionId, cancel.signal);
      drives.set(sessionId, { cancel, done });
      return done;
    },
    interrupt: (sessionId) => drives.get(sessionId)?.cancel.abort('cancelled' satisfies StopReason),
    async stop() {
      shutdown.abort('shutdown' satisfies StopReason);
      await Promise.all([...drives.values()].map(({ done }) => done));
    },
  };
}

/** A session that is cancelled or out of time ends with all that it started; what fails by itself may leave something behind. */
function isEndedByUs({ status, reason }: Verdict): boolean {
  return status === 'cancelled' || reason === ('timeout' satisfies StopReason);
}
