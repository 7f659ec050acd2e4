// The second signal for the end of a step: its wrapper is dead and wrote nothing. The first is the exit file, which comes within
// milliseconds; this one finds what somebody killed with SIGKILL.
import { isFailure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import type { StepFiles, StepPids } from '../tools/step-files.ts';
import type { TmuxPane } from '../tools/tmux.ts';
import type { OfTerminal, TmuxServers } from '../tools/tmux-servers.ts';

export interface MissingWrapperDeps {
  readonly store: Store;
  readonly stepFiles: Pick<StepFiles, 'readPids' | 'readExit' | 'markLost'>;
  readonly tmux: Pick<TmuxServers, 'listPanes'>;
  readonly isAliveNow: (pid: number, startTime?: number) => boolean;
}

/** Leaves an exit file where a wrapper can not any more, so that whoever waits for it learns of it the usual way. */
export function createMissingWrappers({ store, stepFiles, tmux, isAliveNow }: MissingWrapperDeps): () => Promise<void> {
  // The pids of an attempt never change, and hundreds that only wait are to cost nothing.
  let known = new Map<string, StepPids>();

  /** One in a window that has told no pids: only tmux knows whose process that is. Elsewhere whoever began it sees its end. */
  const isWindowEmpty = async ({ sessionId, paneId }: Pick<StepRecord, 'sessionId' | 'paneId'>): Promise<boolean> => {
    const terminalId = store.read((r) => r.sessions.get(sessionId)?.terminalId);
    const terminal = terminalId === undefined ? undefined : store.read((r) => r.terminals.get(terminalId));
    if (paneId === undefined || terminal === undefined) return false;
    const pane = (await panesOf(tmux, terminal)).find((one) => one.paneId === paneId);
    return pane === undefined || !isAliveNow(pane.pid);
  };

  return async () => {
    const still = new Map<string, StepPids>();
    for (const { id, attempt, ...step } of store.read((r) => r.steps.runningOutside())) {
      const run = `${id} ${attempt}`;
      const pids = known.get(run) ?? (await stepFiles.readPids(id));
      if (pids) still.set(run, pids);
      if (pids ? isAliveNow(pids.wrapperPid, pids.wrapperStart) : !(await isWindowEmpty(step))) continue;
      // It may have told them meanwhile, and is looked at next time.
      if (!pids && (await stepFiles.readPids(id))) continue;
      if ((await stepFiles.readExit(id)) === undefined) await stepFiles.markLost(id);
    }
    known = still;
  };
}

/** None, where the terminal is gone. */
async function panesOf(tmux: MissingWrapperDeps['tmux'], terminal: OfTerminal): Promise<readonly TmuxPane[]> {
  try {
    return await tmux.listPanes(terminal);
  } catch (error) {
    if (isFailure(error) && error.kind === 'NOT_FOUND') return [];
    throw error;
  }
}
