// A daemon that dies between the record of an end and the tidying after it leaves files of steps, and so does a wrapper that is late. Nobody
// waits for them any more.
import type { Store } from '../store/store.ts';
import { isOfRun, type StepFiles } from '../tools/step-files.ts';

export interface SweepDeps {
  readonly store: Store;
  readonly stepFiles: StepFiles;
}

/** Call at start, before anything runs: removes the files of all but unfinished steps and the windows of live terminals. */
export async function sweepSteps(deps: SweepDeps): Promise<void> {
  for (const id of await unneeded(deps)) await deps.stepFiles.forget(id);
}

/** The same while others work: what is being made has files before it has a row, so only what nobody needs twice in a row goes. */
export function createLateSweep(deps: SweepDeps): () => Promise<void> {
  let before = new Set<string>();
  return async () => {
    const now = await unneeded(deps);
    for (const id of now) if (before.has(id)) await deps.stepFiles.forget(id);
    before = new Set(now);
  };
}

async function unneeded({ store, stepFiles }: SweepDeps): Promise<string[]> {
  const ids = await stepFiles.listIds();
  const { steps, shells } = store.read((r) => ({
    steps: r.sessions.active().flatMap(({ id }) => r.steps.ofSession(id).filter(({ endedAt }) => endedAt === undefined)),
    shells: r.terminals.allLive().map(({ shellRunId }) => shellRunId),
  }));
  const kept = new Set(steps.map(({ id }) => id));
  return ids.filter((id) => !kept.has(id) && !shells.some((shellRunId) => isOfRun(id, shellRunId)));
}
