// A daemon that dies between the record of an end and the tidying after it leaves files of steps. Nobody waits for them any more.
import type { Store } from '../store/store.ts';
import { isOfRun, type StepFiles } from '../tools/step-files.ts';

/** Call at start, before anything runs: removes the files of all but unfinished steps and the windows of live terminals. */
export async function sweepSteps({ store, stepFiles }: { store: Store; stepFiles: StepFiles }): Promise<void> {
  const { steps, shells } = store.read((r) => ({
    steps: r.sessions.active().flatMap(({ id }) => r.steps.ofSession(id).filter(({ endedAt }) => endedAt === undefined)),
    shells: r.terminals.allLive().map(({ shellRunId }) => shellRunId),
  }));
  const kept = new Set(steps.map(({ id }) => id));
  const isNeeded = (id: string): boolean => kept.has(id) || shells.some((shellRunId) => isOfRun(id, shellRunId));
  for (const id of await stepFiles.listIds()) if (!isNeeded(id)) await stepFiles.forget(id);
}
