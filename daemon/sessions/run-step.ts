// One step that is a process: beside the daemon or in a window of the session's terminal. The same wrapper runs both, so both survive the
// daemon and are adopted with their exit status.
import { Failure, isFailure, isStoreTrouble } from '../../schemas/errors.ts';
import type { Again } from '../kernel/again.ts';
import { createBreaker } from '../kernel/breaker.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { ExitWatch } from '../tools/exit-watch.ts';
import { finishLog } from '../tools/finish-log.ts';
import { forgetRun } from '../tools/forget-run.ts';
import type { KillTreeOptions, KillTreeResult } from '../tools/kill-tree.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import type { StepExit, StepFiles } from '../tools/step-files.ts';
import type { StartedStep, StartStepOptions } from '../tools/step-process.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';
import { copyAnswer } from './agent-step.ts';
import { type SessionContext, stepOf } from './context.ts';
import { deadlineOf } from './deadline.ts';
import { launch } from './launch.ts';
import { outcomeOf } from './outcome.ts';
import { logPathOf, outputFileOf } from './paths.ts';
import { takePublished } from './published-values.ts';
import { maskOf } from './step-credentials.ts';
import { concludeStep } from './step-end.ts';
import { type StepSpecDeps, stepSpec } from './step-spec.ts';
import { isStillTold } from './still-told.ts';
import { beginStep, type StepOutcome, sessionSubject } from './transitions.ts';

/** Why a step is ended before its time. */
export type StopReason = 'cancelled' | 'timeout' | 'shutdown';

export interface StepRunner {
  /** Runs a pending step to its end. Resolves without an end when the daemon stops meanwhile: the step lives on. */
  run(context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void>;
  /** Finds out what became of a step that was running, and waits for its end if it lives. */
  adopt(context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void>;
}

export interface StepRunnerDeps extends StepSpecDeps {
  readonly clock: Clock;
  readonly again: Again;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  readonly deadlines: Deadlines;
  readonly stepFiles: StepFiles;
  readonly exits: ExitWatch;
  readonly tmux: TmuxServers;
  readonly startProcess: (options: StartStepOptions) => Promise<StartedStep>;
  readonly killTree: (options: KillTreeOptions) => Promise<KillTreeResult>;
  readonly leftovers: Pick<Leftovers, 'began' | 'ended'>;
  readonly isAlive: (pid: number, startTime?: number) => Promise<boolean>;
}

/** How long a wrapper may take to write down the end of what was killed. */
const exitFileMs = 2_000;

export function createStepRunner(deps: StepRunnerDeps): StepRunner {
  const { store, clock, stepFiles, tmux } = deps;
  const breaker = createBreaker({ clock });

  const run = async (loaded: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void> => {
    const logPath = logPathOf(loaded.session.artifactDir, step.index, step.name);
    let context = loaded;
    try {
      // The files of an attempt before this one would tell a wrong end, when the daemon died between its end and their removal.
      if (step.attempt > 1) await stepFiles.forget(step.id);
      const prepared = await stepSpec(loaded, step, deps);
      context = prepared.context;
      deps.leftovers.began(context.session.id, step.id);
      await stepFiles.writeSpec(step.id, prepared.spec);
    } catch (error) {
      await end(context, step, outcomeOf.failure(error));
      return;
    }
    const outputOffset = (await deps.files.stat(logPath))?.sizeBytes ?? 0;
    const deadlineAt = deadlineOf(context, step, clock.now());
    const change = { outputPath: logPath, outputOffset, ...(deadlineAt === undefined ? {} : { deadlineAt }) };
    await store.write((w) => beginStep(w, context.session, step, change, clock.now()));
    const running: StepRecord = { ...step, ...change, status: 'running' };
    try {
      await settle(context, await begin(context, running, logPath, signal), signal);
    } catch (error) {
      // Nothing has read its spec yet, so the next daemon begins it.
      if (isShutdown(signal)) return;
      // It runs, or has ended: who looks at it again finds out.
      if (isStoreTrouble(error)) throw error;
      await end(context, running, signal.aborted ? { status: 'cancelled', reason: 'cancelled' } : outcomeOf.failure(error));
    }
  };

  const begin = async (context: SessionContext, step: StepRecord, logPath: string, signal: AbortSignal): Promise<StepRecord> => {
    const beside = (): Promise<StepRecord> => beginBeside(context, step, logPath, signal);
    if (step.runIn === 'process') return beside();
    // Cleaning up must not depend on a terminal that somebody closed, nor on our knowing of it yet: the spec goes to whoever reads it first.
    const isTidying = step.phase === 'cleanup' || step.phase === 'finally';
    if (!context.terminal) {
      if (isTidying) return beside();
      throw new Failure('PRECONDITION', `The terminal of step "${step.name}" is gone; it was closed while the session ran.`);
    }
    try {
      return await beginInside(context, context.terminal, step, logPath);
    } catch (error) {
      if (isTidying && isFailure(error) && ['NOT_FOUND', 'UNAVAILABLE'].includes(error.kind)) return beside();
      throw error;
    }
  };

  const beginBeside = async (context: SessionContext, step: StepRecord, logPath: string, signal: AbortSignal): Promise<StepRecord> => {
    const agent = step.type === 'agent' ? stepOf(context.definition, step)?.action : undefined;
    const budgetMs = step.deadlineAt === undefined ? undefined : step.deadlineAt - clock.now();
    const start = (): Promise<StartedStep> => deps.startProcess({ files: stepFiles, id: step.id, logPath });
    const { gone } = await launch({ again: deps.again, breaker }, { agent, signal, budgetMs }, start);
    watchWrapper(gone, step.id);
    return step;
  };

  const beginInside = async (context: SessionContext, terminal: TerminalRecord, step: StepRecord, logPath: string): Promise<StepRecord> => {
    const { paneId } = await tmux.newWindow({
      terminal,
      windowName: step.name,
      cwd: context.worktree?.path ?? context.project.path,
      ...stepFiles.inWindow(step.id),
      logPath,
      detached: true,
    });
    await store.write((w) => w.steps.change(step.id, { paneId }));
    return { ...step, paneId };
  };

  const adopt = async (context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void> => {
    const pids = await stepFiles.readPids(step.id);
    if (await isStillTold(deps, step.id, pids)) return settle(context, step, signal);
    // The daemon died before the wrapper read its spec: the step has not begun, so beginning now runs nothing twice.
    if (!pids && (await stepFiles.claimSpec(step.id))) return run(context, { ...step, status: 'pending' }, signal);
    // Its wrapper has the spec and tells its pids at once, unless it is dead.
    if (!pids && (await hasBegun(step.id, signal))) return adopt(context, step, signal);
    if (isShutdown(signal)) return;
    // Its processes may have outlived the wrapper, and what tidies up must not run beside them.
    await endTree(context, step);
    await end(context, step, { status: 'lost', reason: 'lost', error: lostMessage(pids !== undefined) });
  };

  const hasBegun = (id: string, signal: AbortSignal): Promise<boolean> =>
    deps.exits.waitStarted(id, AbortSignal.any([signal, AbortSignal.timeout(exitFileMs)])).then(
      () => true,
      () => false,
    );

  /** Waits for the end of a running step, and brings it about when its time is over or the session is cancelled. */
  const settle = async (context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void> => {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    if (step.deadlineAt !== undefined) deps.deadlines.set(step.id, step.deadlineAt, () => stop.abort('timeout' satisfies StopReason));
    try {
      await Promise.race([deps.exits.wait(step.id, stop.signal), deadWithoutWord(step)]).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
      const reason = stop.signal.aborted ? (stop.signal.reason as StopReason) : undefined;
      if (reason === 'shutdown') return;
      // What ended by itself just before is told as it ended.
      const isStopped = reason !== undefined && !(await stepFiles.readExit(step.id));
      if (isStopped) await stopStep(context, step);
      else if (await isLost(step)) await endTree(context, step);
      await end(context, step, await concluded(context, step, isStopped ? reason : undefined));
    } finally {
      signal.removeEventListener('abort', onAbort);
      deps.deadlines.clear(step.id);
      wrappers.delete(step.id);
    }
  };

  /** Resolves when the wrapper that this daemon began is gone, unless one that a former daemon began has the step. */
  const deadWithoutWord = async (step: StepRecord): Promise<void> => {
    const forEver = new Promise<void>(() => undefined);
    await (wrappers.get(step.id) ?? forEver);
    const pids = await stepFiles.readPids(step.id);
    if (pids && (await deps.isAlive(pids.wrapperPid, pids.wrapperStart))) await forEver;
  };

  const concluded = async (
    context: SessionContext,
    step: StepRecord,
    reason: Exclude<StopReason, 'shutdown'> | undefined,
  ): Promise<StepOutcome> => {
    const exit: StepExit | undefined = await stepFiles.readExit(step.id);
    if (step.paneId !== undefined) await finishLog(deps, step.id);
    await copyAnswer(step, context.session.artifactDir);
    const size = Math.max(0, (await outcomeOf.size(step.outputPath)) - step.outputOffset);
    return { ...(await outcomeOf.exit(exit, reason, step, { size, mask: maskOf(context) })), outputSize: size };
  };

  const stopStep = async (context: SessionContext, step: StepRecord): Promise<void> => {
    await deps.exits.waitStarted(step.id, AbortSignal.timeout(exitFileMs)).catch(() => undefined);
    if (await endTree(context, step)) await deps.exits.wait(step.id, AbortSignal.timeout(exitFileMs)).catch(() => undefined);
  };

  /** False when nothing of it has begun. */
  const endTree = async (context: SessionContext, step: StepRecord): Promise<boolean> => {
    const pids = await stepFiles.readPids(step.id);
    if (pids) await deps.killTree({ ...pids, marker: { sessionId: context.session.id, stepIndex: step.index }, clock });
    return pids !== undefined;
  };

  const isLost = async (step: StepRecord): Promise<boolean> => ((await stepFiles.readExit(step.id)) ?? { kind: 'lost' }).kind === 'lost';

  const end = async (context: SessionContext, step: StepRecord, outcome: StepOutcome): Promise<void> => {
    const mask = maskOf(context);
    const published = await takePublished(outputFileOf(context.session.artifactDir, step.id));
    const { values, problems } = mask.value(published);
    const random = deps.random();
    const note = problems.length > 0 ? ` (COPPICE_OUTPUT_FILE: ${problems.join('; ')})` : '';
    deps.leftovers.ended(context.session.id, step.id, stepFiles.endedAlone(step.id));
    const isOver = await store.write((w) => {
      for (const [key, value] of Object.entries(values)) {
        w.sessions.setData(context.session.id, key, value, clock.now());
        const actor = `session:${context.session.id}`;
        w.events.append({ type: 'session.dataSet', subject: sessionSubject(context.session), actor, data: { key, value } });
      }
      const error = outcome.error === undefined ? note.trim() || undefined : mask.text(outcome.error) + note;
      return concludeStep(w, {
        ...{ session: context.session, step, definition: stepOf(context.definition, step), now: clock.now(), random },
        outcome: { ...outcome, ...(error === undefined ? {} : { error }) },
      });
    });
    await (isOver ? forgetRun({ stepFiles, exits: deps.exits }, step.id) : stepFiles.forget(step.id));
    // A failed step's window stays for whoever attaches; a good one's log says it all.
    if (outcome.status === 'succeeded' && step.paneId !== undefined && context.terminal) {
      const panes = await tmux.listPanes(context.terminal).catch(() => []);
      const pane = panes.find(({ paneId }) => paneId === step.paneId);
      if (pane) await tmux.killWindow(pane.windowId).catch(() => undefined);
    }
  };

  // Wrappers that this daemon started itself: their death without an exit file is known at once.
  const wrappers = new Map<string, Promise<void>>();
  const watchWrapper = (gone: Promise<void>, id: string): void => void wrappers.set(id, gone);
  return { run, adopt };
}

/** The daemon stops, and what runs goes on without it. */
function isShutdown({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason === ('shutdown' satisfies StopReason);
}

function lostMessage(started: boolean): string {
  return started
    ? 'Its process and the wrapper around it died while no daemon watched, so how it ended is unknown.'
    : 'It was about to start when the daemon died, and left no trace.';
}
