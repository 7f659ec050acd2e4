// The second signal for the end of a step: its wrapper is dead and wrote nothing. The first is the exit file, which comes within
// milliseconds; this one finds what somebody killed with SIGKILL.
import type { Store } from '../store/store.ts';
import type { StepFiles, StepPids } from '../tools/step-files.ts';

export interface MissingWrapperDeps {
  readonly store: Store;
  readonly stepFiles: Pick<StepFiles, 'readPids' | 'readExit' | 'markLost'>;
  readonly isAliveNow: (pid: number, startTime?: number) => boolean;
}

/** Leaves an exit file where a wrapper can not any more, so that whoever waits for it learns of it the usual way. */
export function createMissingWrappers({ store, stepFiles, isAliveNow }: MissingWrapperDeps): () => Promise<void> {
  // The pids of an attempt never change, and hundreds that only wait are to cost nothing.
  let known = new Map<string, StepPids>();
  return async () => {
    const still = new Map<string, StepPids>();
    for (const { id, attempt } of store.read((r) => r.steps.runningOutside())) {
      const run = `${id} ${attempt}`;
      const pids = known.get(run) ?? (await stepFiles.readPids(id));
      if (!pids) continue;
      still.set(run, pids);
      if (isAliveNow(pids.wrapperPid, pids.wrapperStart) || (await stepFiles.readExit(id))) continue;
      await stepFiles.markLost(id);
    }
    known = still;
  };
}
