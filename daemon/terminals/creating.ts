// Making a terminal: the tmux session with its windows, then the row. Both, or neither.
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import { isOfRun, partId, type StepFiles } from '../tools/step-files.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';
import { subjectOf, terminalView } from './view.ts';

/** The first window of a terminal. */
export const shellWindow = 'shell';

export interface CreateTerminal {
  /** Unused so far. */
  readonly name: string;
  readonly sessionId?: string;
  readonly worktreeId?: string;
  /** The number of the tmux server that it is to be on. */
  readonly server: number;
  readonly cwd: string;
  /** The program of its first window. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Windows beside that one. */
  readonly windows?: readonly CreateWindow[];
}

export interface CreateWindow {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logPath: string;
}

export interface CreatingDeps {
  readonly store: Store;
  readonly tmux: TmuxServers;
  readonly stepFiles: StepFiles;
  readonly clock: Clock;
  readonly ids: Ids;
}

export async function createTerminal(deps: CreatingDeps, spec: CreateTerminal, origin: Origin): Promise<TerminalRecord> {
  const { store, tmux, stepFiles } = deps;
  const { name, server, cwd, sessionId, worktreeId } = spec;
  const shellRunId = deps.ids.next('stp');
  await stepFiles.writeSpec(shellRunId, { cwd, argv: spec.argv, env: spec.environment });
  // Left by a daemon that died between making and recording it: nobody has used it yet.
  for (const existing of await tmux.find(name, server)) await tmux.killSession(existing);
  const { tmuxId } = await tmux.newSession({
    ...{ name, server, windowName: shellWindow, cwd, logPath: spec.logPath },
    ...stepFiles.inWindow(shellRunId),
  });
  const terminal: TerminalRecord = {
    ...{ id: deps.ids.next('trm'), name, tmuxId, shellRunId, cwd, status: 'live', createdAt: deps.clock.now() },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(worktreeId === undefined ? {} : { worktreeId }),
  };
  try {
    await openWindows(deps, terminal, spec);
    await store.write((w) => {
      w.terminals.insert(terminal);
      if (sessionId !== undefined) w.sessions.change(sessionId, { terminalId: terminal.id });
      w.events.append({ type: 'terminal.created', subject: subjectOf(w, terminal), actor: origin.actor, data: { name, cwd } });
      settle(w, origin.receipt, terminalView(terminal));
    });
  } catch (error) {
    // One that nobody knows of would stay for ever.
    await tmux.killSession(tmuxId).catch(() => undefined);
    for (const id of await runsOf(stepFiles, terminal)) await stepFiles.forget(id);
    throw error;
  }
  return terminal;
}

async function openWindows({ stepFiles, tmux }: CreatingDeps, terminal: TerminalRecord, spec: CreateTerminal): Promise<void> {
  const { shellRunId, cwd } = terminal;
  for (const [index, { name, argv, logPath }] of (spec.windows ?? []).entries()) {
    const id = partId(shellRunId, index + 1);
    await stepFiles.writeSpec(id, { cwd, argv, env: spec.environment });
    await tmux.newWindow({ terminal, windowName: name, cwd, logPath, ...stepFiles.inWindow(id) });
  }
}

/** The wrappers of all its windows. */
export async function runsOf(stepFiles: StepFiles, { shellRunId }: TerminalRecord): Promise<string[]> {
  return (await stepFiles.listIds()).filter((id) => isOfRun(id, shellRunId));
}

/** The number of the tmux server that has room for one more. */
export function serverForNext({ store, tmux }: Pick<CreatingDeps, 'store' | 'tmux'>): number {
  return tmux.serverFor(store.read((r) => r.terminals.liveTmuxIds()));
}

/** The wanted name, with a number when a terminal has or had it. */
export function unusedName(store: Store, wanted: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (store.read((r) => r.terminals.byName(name)) === undefined) return name;
  }
}
