import type { StepFiles, StepPids } from '../tools/step-files.ts';

export interface StillToldDeps {
  readonly stepFiles: Pick<StepFiles, 'readExit'>;
  readonly isAlive: (pid: number, startTime?: number) => Promise<boolean>;
}

/**
 * True when a wrapper tells how its step ends: it lives, or it has told. In this order, since one that is dead has written the end before;
 * the other way round it could write it, and go, between the two looks.
 */
export async function isStillTold({ stepFiles, isAlive }: StillToldDeps, id: string, pids: StepPids | undefined): Promise<boolean> {
  if (pids && (await isAlive(pids.wrapperPid, pids.wrapperStart))) return true;
  return (await stepFiles.readExit(id)) !== undefined;
}
