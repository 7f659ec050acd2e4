// Steps that the daemon runs itself: builtins, and the acquiring and releasing of a session's resources. Each may be run again after a
// crash, because each ensures a state instead of adding to one.
import { appendFile } from 'node:fs/promises';
import { Failure, isStoreTrouble } from '../../schemas/errors.ts';
import { renderDeep } from '../commands/template.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Mask } from '../kernel/mask.ts';
import type { LeaseService } from '../leases/service.ts';
import type { Store } from '../store/store.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { logFlags } from '../tools/step-process.ts';
import type { BuiltinDeps } from './builtins/builtin.ts';
import { builtinBy } from './builtins/index.ts';
import { type SessionContext, stepOf, tolerates } from './context.ts';
import { deadlineOf } from './deadline.ts';
import { acquireLeases } from './leases.ts';
import { type Verdict, verdictOf } from './machine.ts';
import { outcomeOf } from './outcome.ts';
import { logPathOf } from './paths.ts';
import { lifecycleNames } from './positions.ts';
import type { StopReason } from './run-step.ts';
import { maskOf } from './step-credentials.ts';
import { concludeStep } from './step-end.ts';
import { beginStep, type StepOutcome, sessionSubject } from './transitions.ts';

export interface DaemonStepRunner {
  run(context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<void>;
}

export interface DaemonStepDeps extends BuiltinDeps {
  readonly leases: Pick<LeaseService, 'ensure'>;
  readonly store: Store;
  readonly clock: Clock;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  readonly deadlines: Deadlines;
}

interface Done {
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** What became of a resource. */
  readonly detail?: string;
}

export function createDaemonStepRunner(deps: DaemonStepDeps): DaemonStepRunner {
  const { store, clock } = deps;

  const perform = async (context: SessionContext, step: StepRecord, signal: AbortSignal): Promise<Done> => {
    if (step.type === 'lifecycle') return { detail: await lifecycle(context, step) };
    const definition = stepOf(context.definition, step);
    const builtin = definition && builtinBy(definition.action);
    if (!definition || !builtin) throw new Failure('NOT_FOUND', `There is no built-in step "${definition?.action ?? step.name}".`);
    const logPath = logPathOf(context.session.artifactDir, step.index, step.name);
    const lines: string[] = [];
    const mask = maskOf(context);
    try {
      const args = renderDeep(definition.args, context.lookup) as Record<string, unknown>;
      const call = { context, stepIndex: step.index, args, signal, mask, print: (line: string) => void lines.push(`${line}\n`) };
      return { values: mask.value(await builtin(call, deps)) };
    } finally {
      await appendFile(logPath, mask.text(lines.join('')), { mode: 0o600, flag: logFlags });
    }
  };
  const lifecycle = async (context: SessionContext, step: StepRecord): Promise<string> => {
    const { resources } = deps;
    if (step.name === lifecycleNames.acquireLeases) return acquireLeases(context, deps.leases);
    if (step.name === lifecycleNames.acquireWorktree) return (await resources.ensureWorktree(context)).path;
    if (step.name === lifecycleNames.acquireTerminal) return (await resources.ensureTerminal(context)).name;
    const verdict = settledVerdict(context);
    if (step.name === lifecycleNames.releaseTerminal) return resources.releaseTerminal(context, verdict);
    return resources.releaseWorktree(context, verdict);
  };
  return {
    async run(context, step, signal) {
      const deadlineAt = step.type === 'lifecycle' ? undefined : deadlineOf(context, step, clock.now());
      const logPath = step.type === 'lifecycle' ? undefined : logPathOf(context.session.artifactDir, step.index, step.name);
      const change = { ...(deadlineAt === undefined ? {} : { deadlineAt }), ...(logPath === undefined ? {} : { outputPath: logPath }) };
      await store.write((w) => beginStep(w, context.session, step, change, clock.now()));
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      if (deadlineAt !== undefined) deps.deadlines.set(step.id, deadlineAt, () => stop.abort('timeout' satisfies StopReason));
      let done: Done = {};
      let outcome: StepOutcome;
      try {
        done = await untilAborted(stop.signal, perform(context, step, stop.signal));
        outcome = { status: 'succeeded', ...(done.detail === undefined ? { exitCode: 0 } : { reason: done.detail }) };
      } catch (error) {
        const reason = stop.signal.aborted ? (stop.signal.reason as StopReason) : undefined;
        // Its row stays running: the next daemon ensures the same again.
        if (reason === 'shutdown') return;
        // So does that of one whose rows could not be written.
        if (isStoreTrouble(error)) throw error;
        outcome = reason === undefined ? masked(outcomeOf.failure(error), maskOf(context)) : stopped(reason);
      } finally {
        signal.removeEventListener('abort', onAbort);
        deps.deadlines.clear(step.id);
      }
      const random = deps.random();
      const size = await outcomeOf.size(logPath);
      await store.write((w) => {
        for (const [key, value] of Object.entries(done.values ?? {})) {
          w.sessions.setData(context.session.id, key, value, clock.now());
          w.events.append({ type: 'session.dataSet', subject: sessionSubject(context.session), actor: 'daemon', data: { key, value } });
        }
        const definition = stepOf(context.definition, step);
        concludeStep(w, {
          session: context.session,
          step,
          definition,
          outcome: { ...outcome, outputSize: size },
          now: clock.now(),
          random,
        });
      });
    },
  };
}

/** How the session ends, for the policies that depend on it. */
function settledVerdict({ session, steps }: SessionContext): Verdict {
  return session.verdict === undefined ? verdictOf(session, steps, tolerates(session)) : (JSON.parse(session.verdict) as Verdict);
}

function masked(outcome: StepOutcome, mask: Mask): StepOutcome {
  return outcome.error === undefined ? outcome : { ...outcome, error: mask.text(outcome.error) };
}

function stopped(reason: Exclude<StopReason, 'shutdown'>): StepOutcome {
  if (reason === 'cancelled') return { status: 'cancelled', reason: 'cancelled' };
  return { status: 'failed', reason: 'timeout', error: 'It took longer than its time allowed.' };
}

/** Lifecycle work is never cut off half-way; a builtin that does not listen to its signal is left to end by itself. */
function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
