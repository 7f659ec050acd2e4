// A daemon that dies between the record of an end and the tidying after it leaves files of steps. Nobody waits for them any more.
import type { Store } from '../store/store.ts';
import type { StepFiles } from '../tools/step-files.ts';

/** Call at start, before anything runs: removes the files of all but unfinished steps and the shells of live terminals. */
export async function sweepSteps({ store, stepFiles }: { store: Store; stepFiles: StepFiles }): Promise<void> {
  const needed = store.read((r) => [
    ...r.sessions.active().flatMap(({ id }) => r.steps.ofSession(id).filter(({ endedAt }) => endedAt === undefined)),
    ...r.terminals.allLive().map(({ shellRunId }) => ({ id: shellRunId })),
  ]);
  const kept = new Set(needed.map(({ id }) => id));
  for (const id of await stepFiles.listIds()) if (!kept.has(id)) await stepFiles.forget(id);
}
