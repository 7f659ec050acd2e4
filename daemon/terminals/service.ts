// Terminals: tmux sessions of the daemon's own server. They outlive the daemon; at its start they are found again by id.
import { nearest } from '../../rpc/nearest.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { ExitWatch } from '../tools/exit-watch.ts';
import { forgetRun } from '../tools/forget-run.ts';
import type { KillTreeOptions, KillTreeResult } from '../tools/kill-tree.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import type { TmuxPane } from '../tools/tmux.ts';
import type { OfTerminal, TmuxServers } from '../tools/tmux-servers.ts';
import { type AdoptingDeps, type AdoptTmux, adoptTmux } from './adopting.ts';
import { type CreateTerminal, createTerminal, runsOf, serverForNext, shellWindow, unusedName } from './creating.ts';
import { subjectOf } from './view.ts';

export interface TerminalService {
  /** The wanted name, with a number when a terminal has or had it. */
  unusedName(wanted: string): string;
  /** The number of the tmux server that has room for one more. */
  serverForNext(): number;
  /** `name` is unused. */
  create(spec: CreateTerminal, origin: Origin): Promise<TerminalRecord>;
  /** Takes a session of another tmux server into view. */
  adopt(request: AdoptTmux, origin: Origin): Promise<TerminalRecord>;
  resolve(ref: string): TerminalRecord;
  panes(terminal: TerminalRecord): Promise<TmuxPane[]>;
  /** The pane of a window; without one, that of the active window. */
  paneOf(terminal: TerminalRecord, windowId: string | undefined): Promise<TmuxPane>;
  attachedClients(terminal: TerminalRecord): Promise<number>;
  kill(terminal: TerminalRecord, reason: string, origin: Origin): Promise<void>;
  /** Compares rows with the tmux server at start, and watches the shells that live. */
  reconcile(): Promise<void>;
}

export interface TerminalDeps extends AdoptingDeps {
  readonly exits: ExitWatch;
  readonly log: Log;
  readonly leftovers: Pick<Leftovers, 'areNone'>;
  readonly killTree: (options: KillTreeOptions) => Promise<KillTreeResult>;
}

/** How long the wrapper of a shell may take to write down its beginning or end, on a machine that is busy. */
const exitFileMs = 5_000;
const hangUpMs = 250;

export function createTerminalService(deps: TerminalDeps): TerminalService {
  const { store, tmux, stepFiles, clock } = deps;

  /** Terminals that are being ended on purpose. */
  const ending = new Set<string>();
  const end = (w: Writer, terminal: TerminalRecord, status: 'ended' | 'lost', reason: string, origin: Origin): void => {
    if (w.terminals.get(terminal.id)?.status !== 'live') return;
    w.terminals.end(terminal.id, status, reason, clock.now());
    const session = terminal.sessionId === undefined ? undefined : w.sessions.get(terminal.sessionId);
    if (session?.endedAt !== undefined) w.tokens.revokeOfSession(session.id, clock.now());
    const data = { name: terminal.name, status, reason };
    w.events.append({ type: 'terminal.ended', subject: subjectOf(w, terminal), actor: origin.actor, data });
  };
  /** The shell of the first window ended: so does the terminal, unless something else still runs in it. */
  const watchShell = (terminal: TerminalRecord): void => {
    deps.exits
      .wait(terminal.shellRunId)
      .then(() => onShellExit(terminal))
      .catch((error: unknown) => {
        // The daemon stops; the next one watches again.
        if (!isFailure(error)) deps.log.error({ err: error, terminalId: terminal.id }, 'the end of a terminal could not be handled');
      });
  };
  const onShellExit = async (terminal: TerminalRecord): Promise<void> => {
    // Who ends it tells why itself.
    if (ending.has(terminal.id)) return;
    // A shell that ends by itself leaves its session behind: without one, somebody took both.
    if (!(await isPresent(terminal))) return lose(terminal);
    const panes = await tmux.listPanes(terminal).catch(() => []);
    const own = panes.find(({ windowName }) => windowName === shellWindow);
    if (panes.some((pane) => !pane.dead && pane !== own)) return;
    await tmux.killSession(terminal.tmuxId);
    await store.write((w) => end(w, terminal, 'ended', 'shell_exited', byDaemon));
    await forgetFiles(await runsOf(stepFiles, terminal));
  };
  const hasLeftNothing = (sessionId: string, runs: readonly string[]): boolean =>
    deps.leftovers.areNone(sessionId) && runs.every((id) => stepFiles.endedAlone(id));
  const lose = async (terminal: TerminalRecord): Promise<void> => {
    await store.write((w) => end(w, terminal, 'lost', 'tmux_session_gone', byDaemon));
    await forgetFiles(await runsOf(stepFiles, terminal));
  };
  const forgetFiles = async (runs: readonly string[]): Promise<void> => {
    for (const id of runs) await forgetRun(deps, id);
  };
  /** The name counts too: a new server gives the ids out again. */
  const isPresent = async (terminal: TerminalRecord): Promise<boolean> =>
    (await tmux.available()) !== undefined && (await tmux.sessionIdOf(terminal)) === terminal.tmuxId;
  /** Those that tmux still has, in one look at all. */
  const present = async (terminals: readonly TerminalRecord[]): Promise<Set<TerminalRecord>> => {
    const live = new Set((await liveSessions(tmux, terminals)).map(({ tmuxId, name }) => `${tmuxId} ${name}`));
    return new Set(terminals.filter(({ tmuxId, name }) => live.has(`${tmuxId} ${name}`)));
  };
  const panes = async (terminal: TerminalRecord): Promise<TmuxPane[]> => {
    if (terminal.status !== 'live') throw gone(terminal);
    return tmux.listPanes(terminal);
  };
  return {
    panes,
    unusedName: (wanted) => unusedName(store, wanted),
    serverForNext: () => serverForNext(deps),
    async create(spec, origin) {
      const terminal = await createTerminal(deps, spec, origin);
      watchShell(terminal);
      return terminal;
    },
    async adopt(request, origin) {
      const terminal = await adoptTmux(deps, request, origin);
      watchShell(terminal);
      return terminal;
    },
    resolve(ref) {
      const found = store.read((r) => {
        const session = r.sessions.get(ref) ?? r.sessions.bySlug(ref);
        return r.terminals.get(ref) ?? r.terminals.byName(ref) ?? (session?.terminalId ? r.terminals.get(session.terminalId) : undefined);
      });
      if (found) return found;
      const names = store.read((r) => r.terminals.allLive().map(({ name }) => name));
      throw new Failure('NOT_FOUND', `There is no terminal "${ref}"; "coppice terminal list" shows them.`, {
        details: { entity: 'terminal', id: ref, suggestions: nearest(ref, names) },
      });
    },
    async paneOf(terminal, windowId) {
      const all = await panes(terminal);
      const pane = windowId === undefined ? (all.find(({ active }) => active) ?? all[0]) : all.find((one) => one.windowId === windowId);
      if (pane) return pane;
      throw new Failure(
        'PRECONDITION',
        `Terminal "${terminal.name}" has no window "${windowId ?? ''}"; "coppice terminal get" shows its windows.`,
        {
          details: { reason: 'no_window', windowId },
        },
      );
    },
    attachedClients: (terminal) => (terminal.status === 'live' ? tmux.attachedClients(terminal) : Promise.resolve(0)),
    async kill(terminal, reason, origin) {
      if (terminal.status !== 'live') throw gone(terminal);
      ending.add(terminal.id);
      try {
        const isThere = await isPresent(terminal);
        // A session can be over before its shell has begun; ended unseen, that would still stand in the worktree.
        if (isThere) await deps.exits.waitStarted(terminal.shellRunId, AbortSignal.timeout(exitFileMs)).catch(() => undefined);
        const shell = await stepFiles.readPids(terminal.shellRunId);
        if (isThere) await tmux.killSession(terminal.tmuxId);
        // Most shells end by the hang-up: whoever waits for that looks at all processes once, and not until they are dead.
        if (isThere && shell) await deps.exits.wait(terminal.shellRunId, AbortSignal.timeout(hangUpMs)).catch(() => undefined);
        const runs = await runsOf(stepFiles, terminal);
        // What ignores the hang-up, or was sent to the background, ends too.
        if (shell && terminal.sessionId !== undefined && !hasLeftNothing(terminal.sessionId, runs)) {
          await deps.killTree({ ...shell, marker: { sessionId: terminal.sessionId }, clock });
        }
        // A wrapper stands in the worktree until it writes down the end, a moment after it.
        const written = shell ? runs : [];
        await Promise.all(written.map((id) => deps.exits.wait(id, AbortSignal.timeout(exitFileMs)).catch(() => undefined)));
        await store.write((w) => end(w, terminal, 'ended', reason, origin));
        await forgetFiles(runs);
      } finally {
        ending.delete(terminal.id);
      }
    },
    async reconcile() {
      const rows = store.read((r) => r.terminals.allLive());
      if (rows.length === 0) return;
      const there = await present(rows);
      for (const terminal of rows) {
        if (there.has(terminal)) watchShell(terminal);
        else await lose(terminal);
      }
    },
  };
}

/** No tmux on this machine is no live terminal: the rows say what was lost. */
async function liveSessions(tmux: TmuxServers, terminals: readonly OfTerminal[]): Promise<OfTerminal[]> {
  return (await tmux.available()) === undefined ? [] : tmux.listSessions(terminals.map(({ tmuxId }) => tmuxId));
}

function gone(terminal: TerminalRecord): Failure {
  return new Failure(
    'PRECONDITION',
    `Terminal "${terminal.name}" is ${terminal.status}${terminal.reason ? ` (${terminal.reason})` : ''}; start its command again for a new one.`,
    {
      details: { reason: 'terminal_ended', status: terminal.status },
    },
  );
}
