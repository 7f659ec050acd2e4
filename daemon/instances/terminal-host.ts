// The agents of one instance in windows of the terminals of their work sessions. It takes orders and tells events as an agent host does, and
// keeps them in the same file, so that a daemon that starts knows its windows and no prompt is typed twice.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { type EventFile, type NewHostEvent, openEventFile } from '../agents/host/event-file.ts';
import { eventsFile, type HostEvent, type HostEventData, type HostParams } from '../agents/host/protocol.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { ExitWatch } from '../tools/exit-watch.ts';
import type { StepFiles } from '../tools/step-files.ts';
import type { OfTerminal, TmuxServers } from '../tools/tmux-servers.ts';
import type { FileWatch, watchFile } from '../tools/watch.ts';
import { type Hook, isAbout, readHook, type TerminalLaunch, terminalLaunch } from './terminal-launch.ts';
import { type Typing, typePrompt, untilShown } from './type-prompt.ts';

export interface TerminalHostDeps extends Typing {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly tmux: Pick<TmuxServers, 'newWindow' | 'killWindow' | 'sendText' | 'sendKeys' | 'capture'>;
  readonly stepFiles: Pick<StepFiles, 'writeSpec' | 'inWindow' | 'readExit' | 'readPids'>;
  readonly exits: Pick<ExitWatch, 'wait' | 'waitStarted'>;
  readonly watchFile: typeof watchFile;
  /** The terminal of a thread's session, and the id of a window's process in it. */
  readonly placeOf: (threadId: string, generation: number) => { readonly terminal: OfTerminal; readonly runId: string } | undefined;
}

/** What the notice of a new window holds. */
interface Pane {
  readonly paneId: string;
  readonly windowId: string;
  readonly runId: string;
  readonly generation: number;
  readonly hookFile: string;
  readonly tells: TerminalLaunch['tells'];
  readonly resumes?: boolean | undefined;
  readonly cancelKeys: readonly string[];
}

interface Live extends Pane {
  isOpen: boolean;
  /** Lines of the hook file that are told. */
  hooks: number;
  watch?: FileWatch;
}

const proofMs = 60_000;
const readyMs = 5 * 60_000;

export type TerminalHost = ReturnType<typeof createTerminalHost>;

export function createTerminalHost(deps: TerminalHostDeps, dir: string) {
  const { clock, log, tmux, stepFiles, exits } = deps;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const former: HostEvent[] = [];
  const file: EventFile = openEventFile(
    join(dir, eventsFile),
    () => clock.now(),
    (event) => former.push(event),
  );
  const panes = new Map<string, Live>();
  /** Each prompt that was typed, here or by a daemon before. */
  const typed = new Map<string, { readonly threadId: string; readonly text: string | undefined }>();
  const onTheirWay = new Set<string>();
  const started = new Set<string>();
  const running = new Map<string, string>();
  const followers = new Set<(event: HostEvent) => void>();
  const stop = new AbortController();

  const tell = (event: NewHostEvent): void => {
    const whole = file.append(event, true);
    note(whole);
    for (const follower of followers) follower(whole);
  };
  /** What the log says, live or read again. */
  const note = ({ kind, threadId = '', data }: HostEvent): void => {
    const pane = panes.get(threadId);
    if (kind === 'turn.started') {
      started.add(data.promptId);
      running.set(threadId, data.promptId);
    }
    if (kind === 'turn.finished' || kind === 'turn.failed') {
      running.delete(threadId);
      started.add(data.promptId);
    }
    if (kind === 'thread.opened' && pane) pane.isOpen = true;
    if (kind === 'thread.exited' || kind === 'thread.openFailed') panes.delete(threadId);
    if (kind === 'update' && pane) pane.hooks = (data.update as { line?: number }).line ?? pane.hooks;
    if (kind !== 'notice') return;
    const { window, prompt, text } = (data.data ?? {}) as { window?: Pane; prompt?: string; text?: string };
    if (window) panes.set(threadId, { ...window, isOpen: false, hooks: 0 });
    if (prompt !== undefined) typed.set(prompt, { threadId, text });
  };
  const paneOf = (threadId: string): Live => {
    const pane = panes.get(threadId);
    if (pane) return pane;
    throw new Failure('NOT_FOUND', `No terminal has thread "${threadId}".`, { details: { entity: 'thread', id: threadId } });
  };

  const opened = (threadId: string, pane: Live, externalId: string, pid: number): void => {
    if (pane.isOpen || panes.get(threadId) !== pane) return;
    const data = { generation: pane.generation, externalId, how: 'new' as const, agentPid: pid, capabilities: {} };
    tell({ kind: 'thread.opened', threadId, data });
  };
  const ended = async (threadId: string, pane: Live): Promise<void> => {
    pane.watch?.close();
    if (panes.get(threadId) !== pane) return;
    const exit = await stepFiles.readExit(pane.runId);
    const exitCode = exit?.kind === 'exit' ? exit.code : null;
    const signal = exit?.kind === 'signal' ? exit.signal : exit?.kind === 'error' ? exit.message : null;
    const promptId = running.get(threadId);
    if (promptId !== undefined)
      tell({ kind: 'turn.failed', threadId, data: { promptId, code: 'exited', message: 'The agent ended in the middle of its turn.' } });
    if (pane.isOpen) tell({ kind: 'thread.exited', threadId, data: { exitCode, signal } });
    else {
      const message = `it ended before it was ready: ${signal ?? `exit code ${exitCode}`}`;
      // By its own decision, and not since somebody ended it.
      const code = pane.resumes && exitCode !== null && exitCode > 0 && exitCode < 128 ? 'not_resumed' : 'exited';
      tell({ kind: 'thread.openFailed', threadId, data: { generation: pane.generation, code, message } });
    }
  };
  /** What follows a window has no caller to tell; that the window ended meanwhile is told by its exit. */
  const notFollowed = (threadId: string, pane: Live) => (error: unknown) => {
    if (stop.signal.aborted || panes.get(threadId) !== pane) return;
    log.warn({ err: error, threadId }, 'the agent in a terminal could not be followed');
  };
  /** Also after a restart of the daemon: its windows go on without it. */
  const watch = (threadId: string, pane: Live): void => {
    const look = (): void => readHooks(threadId, pane);
    const onError = notFollowed(threadId, pane);
    pane.watch = deps.watchFile(pane.hookFile, { debounceMs: () => 10, onChange: look, onError });
    look();
    exits
      .wait(pane.runId, stop.signal)
      .then(() => ended(threadId, pane))
      .catch(onError);
    if (pane.isOpen) return;
    if (!pane.tells.ready) openedWhenShown(threadId, pane).catch(onError);
    clock.after(readyMs, () => {
      if (pane.isOpen || panes.get(threadId) !== pane) return;
      const message = 'it was not ready in time; look at its terminal';
      tell({ kind: 'thread.openFailed', threadId, data: { generation: pane.generation, code: 'timeout', message } });
      tmux.killWindow(pane.windowId).catch(onError);
    });
  };
  const openedWhenShown = async (threadId: string, pane: Live): Promise<void> => {
    await exits.waitStarted(pane.runId, stop.signal);
    await untilShown(deps, pane.paneId);
    const pids = await stepFiles.readPids(pane.runId);
    opened(threadId, pane, pane.runId, pids?.childPid ?? 0);
  };
  const readHooks = (threadId: string, pane: Live): void => {
    const lines = readIfThere(pane.hookFile).split('\n').slice(0, -1);
    for (const line of lines.slice(pane.hooks)) {
      const number = pane.hooks + 1;
      const hook = readHook(line);
      if (hook?.is === 'ready') opened(threadId, pane, hook.externalId ?? pane.runId, 0);
      if (hook?.is === 'submit') begun(threadId);
      // The line before what it means for the turn's end: then it counts as something that the agent did in it.
      tell({ kind: 'update', threadId, data: { update: { sessionUpdate: 'hook', name: hook?.name ?? 'unknown', line: number } } });
      if (hook?.is === 'end' && endsTurn(threadId, hook)) finished(threadId, 'end_turn');
      pane.hooks = number;
    }
  };
  const endsTurn = (threadId: string, hook: Hook): boolean => {
    const text = typed.get(running.get(threadId) ?? '')?.text;
    return text === undefined || isAbout(hook, text);
  };
  const begun = (threadId: string): void => {
    if (running.has(threadId)) return;
    const [waiting] = [...typed].findLast(([id, one]) => !started.has(id) && one.threadId === threadId) ?? [];
    // A turn that somebody began in the terminal itself is told by its thread.
    tell({ kind: 'turn.started', threadId, data: { promptId: waiting ?? threadId } });
  };
  const finished = (threadId: string, stopReason: string): void => {
    const promptId = running.get(threadId);
    if (promptId === undefined) return;
    const data: HostEventData<'turn.finished'> = { promptId, stopReason, cancelled: stopReason === 'cancelled' };
    tell({ kind: 'turn.finished', threadId, data });
  };
  const untilProven = (threadId: string, promptId: string, message: string): void =>
    void clock.after(proofMs, () => {
      if (!started.has(promptId) && !stop.signal.aborted) notProven(threadId, promptId, message);
    });

  const orders = {
    async open({ threadId, generation, argv, cwd, env, externalId }: HostParams<'open'>) {
      if (panes.has(threadId)) return {};
      const place = deps.placeOf(threadId, generation);
      if (!place) {
        const message = 'its session has no terminal';
        tell({ kind: 'thread.openFailed', threadId, data: { generation, code: 'spawn', message } });
        return {};
      }
      const { terminal, runId } = place;
      const hookFile = join(dir, `${threadId}-${generation}.ndjson`);
      writeFileSync(hookFile, '', { mode: 0o600 });
      const launch = terminalLaunch(argv, { hookFile, settingsFile: join(dir, `${threadId}.settings.json`), externalId });
      if (launch.settings) writeFileSync(launch.settings.path, launch.settings.text, { mode: 0o600 });
      await stepFiles.writeSpec(runId, { cwd, argv: launch.argv, env: { ...env, TERM: 'tmux-256color' } });
      const logPath = join(dir, `${threadId}-${generation}.log`);
      const made = await tmux.newWindow({
        terminal,
        windowName: 'agent',
        cwd,
        ...stepFiles.inWindow(runId),
        logPath,
      });
      const { tells, resumes, cancelKeys } = launch;
      const window: Pane = { paneId: made.paneId, windowId: made.windowId, runId, generation, hookFile, tells, resumes, cancelKeys };
      tell({ kind: 'notice', threadId, data: { text: 'a window was made', data: { window } } });
      watch(threadId, paneOf(threadId));
      return {};
    },
    async prompt({ threadId, promptId, content }: HostParams<'prompt'>) {
      if (started.has(promptId)) return { known: true };
      const pane = paneOf(threadId);
      // On its way: its hook, or the lack of one, is told as an event.
      if (onTheirWay.has(promptId)) return { known: false };
      if (typed.has(promptId)) {
        onTheirWay.add(promptId);
        const message = 'The daemon ended while the prompt was typed, so nobody knows whether the agent has it.';
        // Its hook may still tell.
        if (pane.tells.submit) untilProven(threadId, promptId, message);
        else notProven(threadId, promptId, message);
        return { known: false };
      }
      if (!pane.isOpen || running.has(threadId)) {
        throw new Failure('PRECONDITION', `The agent of thread "${threadId}" takes no prompt now.`, { details: { reason: 'busy' } });
      }
      onTheirWay.add(promptId);
      tell({ kind: 'notice', threadId, data: { text: 'a prompt is typed', data: { prompt: promptId, text: content } } });
      const landed = await typePrompt(deps, pane.paneId, content);
      if (!landed) notProven(threadId, promptId, 'The prompt was pasted, and the terminal did not show it.');
      else if (!pane.tells.submit) tell({ kind: 'turn.started', threadId, data: { promptId } });
      else untilProven(threadId, promptId, `No hook told within ${proofMs / 1_000} s that the agent has the prompt.`);
      return { known: false };
    },
    async cancel({ threadId }: HostParams<'cancel'>) {
      const pane = paneOf(threadId);
      await tmux.sendKeys({ paneId: pane.paneId, keys: pane.cancelKeys });
      finished(threadId, 'cancelled');
      return {};
    },
    async close({ threadId }: HostParams<'close'>) {
      const pane = panes.get(threadId);
      if (!pane) return {};
      await tmux.killWindow(pane.windowId);
      await exits.wait(pane.runId, AbortSignal.timeout(10_000)).catch(() => undefined);
      await ended(threadId, pane);
      return {};
    },
    permit(): never {
      throw new Failure('NOT_FOUND', 'An agent in a terminal asks there.', { details: { entity: 'permission', id: '' } });
    },
    configure(): never {
      throw new Failure('PRECONDITION', 'An agent in a terminal is configured there.', { details: { reason: 'terminal' } });
    },
    subscribe: () => ({ lastSeq: file.lastSeq }),
    status: () => ({ pid: process.pid, lastSeq: file.lastSeq, threads: [...panes.keys()] }),
    async shutdown() {
      for (const threadId of [...panes.keys()]) await orders.close({ threadId });
      return {};
    },
  };
  const notProven = (threadId: string, promptId: string, message: string): void =>
    tell({ kind: 'turn.failed', threadId, data: { promptId, code: 'timeout', message } });

  for (const event of former.splice(0)) note(event);
  for (const [threadId, pane] of panes) watch(threadId, pane);
  if (file.lastSeq === 0) tell({ kind: 'host.started', data: { pid: process.pid } });
  return {
    orders,
    eventsAfter: (seq: number): HostEvent[] => [...file.since(seq)],
    follow(seq: number, follower: (event: HostEvent) => void): () => void {
      for (const event of file.since(seq)) follower(event);
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    /** Its work session said that it is done: of an agent that does not tell it, that is the end of its turn. */
    saidDone(threadId: string): void {
      if (panes.get(threadId)?.tells.end === false) finished(threadId, 'end_turn');
    },
    close(): void {
      stop.abort('shutdown');
      for (const { watch: one } of panes.values()) one?.close();
      file.close();
    },
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
