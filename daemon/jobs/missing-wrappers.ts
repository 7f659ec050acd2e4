// The second signal for the end of what runs in a wrapper, steps, shells of terminals and agents: the wrapper is dead and wrote nothing. The
// first is the exit file, which comes within milliseconds; this one finds what somebody killed with SIGKILL.
import { isFailure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { RunningStep } from '../store/tables/step-runs.ts';
import type { StepFiles, StepPids } from '../tools/step-files.ts';
import type { TmuxPane } from '../tools/tmux.ts';
import type { OfTerminal, TmuxServers } from '../tools/tmux-servers.ts';

export interface MissingWrapperDeps {
  readonly store: Store;
  readonly stepFiles: Pick<StepFiles, 'listIds' | 'readPids' | 'readExit' | 'markLost'>;
  readonly tmux: Pick<TmuxServers, 'listPanes'>;
  readonly isAliveNow: (pid: number, startTime?: number) => boolean;
}

/** Leaves an exit file where a wrapper can not any more, so that whoever waits for it learns of it the usual way. */
export function createMissingWrappers({ store, stepFiles, tmux, isAliveNow }: MissingWrapperDeps): () => Promise<void> {
  // Those that were alive at the last look: hundreds that only wait are to cost nothing.
  let known = new Map<string, StepPids>();

  const isAlive = ({ wrapperPid, wrapperStart }: StepPids): boolean => isAliveNow(wrapperPid, wrapperStart);
  const alivePidsOf = async (id: string): Promise<StepPids | 'dead' | 'untold'> => {
    const before = known.get(id);
    if (before && isAlive(before)) return before;
    // Another attempt of the same step has others.
    const pids = await stepFiles.readPids(id);
    if (!pids) return 'untold';
    return isAlive(pids) ? pids : 'dead';
  };
  /** Of one in a window that has told no pids only tmux knows whose process that is. Elsewhere whoever began it sees its end. */
  const isWindowEmpty = async ({ sessionId, paneId }: RunningStep): Promise<boolean> => {
    const terminalId = store.read((r) => r.sessions.get(sessionId)?.terminalId);
    const terminal = terminalId === undefined ? undefined : store.read((r) => r.terminals.get(terminalId));
    if (paneId === undefined || terminal === undefined) return false;
    const pane = (await panesOf(tmux, terminal)).find((one) => one.paneId === paneId);
    return pane === undefined || !isAliveNow(pane.pid);
  };

  const tellLost = async (id: string): Promise<void> => {
    if ((await stepFiles.readExit(id)) === undefined) await stepFiles.markLost(id);
  };

  return async () => {
    const still = new Map<string, StepPids>();
    for (const id of await stepFiles.listIds()) {
      const pids = await alivePidsOf(id);
      if (pids === 'dead') await tellLost(id);
      else if (pids !== 'untold') still.set(id, pids);
    }
    known = still;
    for (const step of store.read((r) => r.steps.runningOutside())) {
      if (still.has(step.id) || !(await isWindowEmpty(step))) continue;
      // It may have told them meanwhile, and is looked at next time.
      if (!(await stepFiles.readPids(step.id))) await tellLost(step.id);
    }
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
