// The second signal for the end of a step: its wrapper is dead and wrote nothing. The first is the exit file, which comes within
// milliseconds; this one finds what somebody killed with SIGKILL.
import type { Store } from '../store/store.ts';
import type { StepFiles } from '../tools/step-files.ts';

export interface MissingWrapperDeps {
  readonly store: Store;
  readonly stepFiles: StepFiles;
  readonly isAlive: (pid: number, startTime?: number) => Promise<boolean>;
}

/** Leaves an exit file where a wrapper can not any more, so that whoever waits for it learns of it the usual way. */
export async function findMissingWrappers({ store, stepFiles, isAlive }: MissingWrapperDeps): Promise<void> {
  const active = store.read((r) => r.sessions.active());
  for (const { id } of active) {
    const running = store.read((r) => r.steps.ofSession(id)).filter((step) => step.status === 'running' && step.runIn !== 'daemon');
    for (const step of running) {
      const pids = await stepFiles.readPids(step.id);
      if (!pids || (await isAlive(pids.wrapperPid, pids.wrapperStart)) || (await stepFiles.readExit(step.id))) continue;
      await stepFiles.markLost(step.id);
    }
  }
}
