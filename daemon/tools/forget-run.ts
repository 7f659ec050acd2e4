import type { ExitWatch } from './exit-watch.ts';
import type { StepFiles } from './step-files.ts';

/** How late the last file of a wrapper may be on a machine that is busy. */
const lateMs = 60_000;

/**
 * Removes the files of a run that is over for good: its id is not used again. What its wrapper still writes goes when it comes, since
 * nobody would look for it.
 */
export async function forgetRun({ stepFiles, exits }: { stepFiles: StepFiles; exits: ExitWatch }, id: string): Promise<void> {
  const isWhole = (await stepFiles.readExit(id)) !== undefined;
  await stepFiles.forget(id);
  if (isWhole) return;
  exits.wait(id, AbortSignal.timeout(lateMs)).then(
    () => stepFiles.forget(id),
    // It was killed and writes nothing, or the daemon stops; its next start removes what is left.
    () => undefined,
  );
}
