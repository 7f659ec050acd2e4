// Terminals on the daemon's own tmux server. Windows and panes are addressed by id (@n, %n), a session by its exact name where it may be
// another one by now: a server that was started anew gives its ids out again.
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Again } from '../kernel/again.ts';
import { pasteable } from './pasteable.ts';
import type { ProcessTool } from './process.ts';
import { hubSession, type TmuxCommand, type TmuxControl } from './tmux-control.ts';
import { logCommands } from './tmux-log.ts';

export interface WindowRequest {
  readonly windowName: string;
  readonly cwd: string;
  /** The argv of a wrapper: nothing of the user's, as it shows in process lists. */
  readonly argv: readonly string[];
  /** What is fed with every byte of the terminal; its output goes to `logPath`. */
  readonly logArgv: readonly string[];
  readonly logPath: string;
}

export interface TmuxWindow {
  readonly windowId: string;
  readonly paneId: string;
}

export interface TmuxSession {
  readonly tmuxId: string;
  readonly name: string;
  readonly attachedClients: number;
}

export interface TmuxPane extends TmuxWindow {
  readonly tmuxId: string;
  readonly windowName: string;
  readonly pid: number;
  readonly dead: boolean;
  /** Often missing although the pane is dead: the exit file is the truth. */
  readonly deadStatus: number | undefined;
  readonly command: string;
  readonly columns: number;
  readonly rows: number;
  readonly active: boolean;
}

export interface Tmux {
  /** The version, like '3.3a'; nothing when tmux is not installed. */
  available(): Promise<string | undefined>;
  newSession(request: WindowRequest & { readonly name: string }): Promise<TmuxWindow & { readonly tmuxId: string }>;
  newWindow(request: WindowRequest & { readonly sessionName: string; readonly detached?: boolean }): Promise<TmuxWindow>;
  listSessions(): Promise<TmuxSession[]>;
  /** The id of the session that has exactly this name, as cheaply with hundreds of them as with one. */
  sessionIdOf(name: string): Promise<string | undefined>;
  listPanes(sessionName?: string): Promise<TmuxPane[]>;
  capture(request: { readonly paneId: string; readonly historyLines?: number; readonly colours?: boolean }): Promise<string>;
  /** Several lines are pasted in brackets; with `paste` one line too. */
  sendText(request: { readonly paneId: string; readonly text: string; readonly enter: boolean; readonly paste?: boolean }): Promise<void>;
  /** Keys by their names in tmux, such as C-c. */
  sendKeys(request: { readonly paneId: string; readonly keys: readonly string[] }): Promise<void>;
  /** Ends a session; one that is gone already is fine. */
  killSession(tmuxId: string): Promise<void>;
  killWindow(windowId: string): Promise<void>;
  attachedClients(sessionName: string): Promise<number>;
  /** The argv that brings a user there; `insideTmux` is the caller's $TMUX. */
  attachArgv(tmuxId: string, insideTmux?: string): string[];
}

export interface TmuxOptions {
  readonly control: TmuxControl;
  readonly process: Pick<ProcessTool, 'runTool'>;
  /** For what names no id: on another server an id would mean something else. */
  readonly again: Again;
}

export function createTmux({ control, process, again }: TmuxOptions): Tmux {
  let version: Promise<string | undefined> | undefined;
  return {
    available() {
      version ??= askVersion(process, control.tmuxPath).then((found) => {
        if (found === undefined) version = undefined;
        return found;
      });
      return version;
    },
    ...creation(control, again),
    async listSessions() {
      const list = ['list-sessions', '-F', '#{session_id}\t#{session_attached}\t#{session_name}'] as const;
      const lines = await again('default', () => control.command(...list));
      return lines.map(sessionOf).filter(({ name }) => name !== hubSession);
    },
    sessionIdOf: async (name) =>
      (await whenThere(again('default', () => control.command('list-windows', '-t', exactly(name), '-F', '#{session_id}'))))?.[0],
    async listPanes(sessionName) {
      const list = (...which: string[]) => control.command('list-panes', ...which, '-F', paneFormat);
      const lines = await (sessionName === undefined ? again('default', () => list('-a')) : list('-s', '-t', exactly(sessionName)));
      return lines.filter((line) => !line.startsWith(`${hubSession}\t`)).map(paneOf);
    },
    async capture({ paneId, historyLines = 0, colours = false }) {
      const lines = await control.command('capture-pane', '-p', '-t', paneId, '-S', `-${historyLines}`, ...(colours ? ['-e'] : []));
      return `${lines.join('\n').trimEnd()}\n`;
    },
    sendText: (request) => sendText(control, request),
    async sendKeys({ paneId, keys }) {
      await control.run([
        ['copy-mode', '-q', '-t', paneId],
        ['send-keys', '-t', paneId, ...keys],
      ]);
    },
    killSession: async (tmuxId) => void (await whenThere(control.command('kill-session', '-t', tmuxId))),
    killWindow: async (windowId) => void (await whenThere(control.command('kill-window', '-t', windowId))),
    async attachedClients(sessionName) {
      return (await control.command('list-clients', '-t', exactly(sessionName), '-F', '#{client_pid}')).length;
    },
    attachArgv(tmuxId, insideTmux) {
      const client = [control.tmuxPath, '-N', '-S', control.socketPath];
      if (!insideTmux) return [...client, 'attach-session', '-t', tmuxId];
      if (socketOfTmux(insideTmux) === control.socketPath) return [...client, 'switch-client', '-t', tmuxId];
      return ['env', '-u', 'TMUX', ...client, 'attach-session', '-t', tmuxId];
    },
  };
}

/** $TMUX is the socket's path, which may hold commas, then two numbers. */
export const socketOfTmux = (tmux: string): string => tmux.replace(/,\d+,\d+$/, '');

function creation(control: TmuxControl, again: Again): Pick<Tmux, 'newSession' | 'newWindow'> {
  let windows = 0;
  return {
    async newSession({ name, windowName, cwd, argv, logArgv, logPath }) {
      if (!/^[A-Za-z0-9_-]{1,200}$/.test(name)) throw new Error(`terminal name '${name}' is not made of letters, digits, _ and -`);
      const create = [
        '-d',
        '-P',
        '-F',
        printedIds,
        '-s',
        name,
        '-n',
        expand('name'),
        '-c',
        expand('cwd'),
        '-x',
        '200',
        '-y',
        '50',
      ] as const;
      const commands: TmuxCommand[] = [
        ...remember({ name: windowName, cwd }),
        ['new-session', ...create, '--', ...checkedArgv(argv)],
        ...logCommands(exactly(name), { argv: logArgv, path: logPath }),
      ];
      return idsOf((await again('default', () => control.run(commands)))[2]);
    },
    async newWindow({ sessionName, windowName, cwd, argv, logArgv, logPath, detached = true }) {
      // A name of its own until the pipe is there, since a target must hit this window alone.
      const unique = `coppice-new-${++windows}`;
      const session = exactly(sessionName);
      const target = `${session}=${unique}`;
      const create = [...(detached ? ['-d'] : []), '-P', '-F', printedIds, '-t', session, '-n', unique, '-c', expand('cwd')];
      const replies = await control.run([
        ...remember({ name: windowName, cwd }),
        ['new-window', ...create, '--', ...checkedArgv(argv)],
        ...logCommands(target, { argv: logArgv, path: logPath }),
        ['rename-window', '-t', target, expand('name')],
      ]);
      const { windowId, paneId } = idsOf(replies[2]);
      return { windowId, paneId };
    },
  };
}

// Without the sign tmux takes a name that only begins like this.
const exactly = (sessionName: string): string => `=${sessionName}:`;

const printedIds = '#{session_id} #{window_id} #{pane_id}';

const paneFormat = [
  '#{session_name}',
  '#{session_id}',
  '#{window_id}',
  '#{pane_id}',
  '#{pane_pid}',
  '#{pane_dead}',
  '#{pane_dead_status}',
  '#{pane_width}',
  '#{pane_height}',
  '#{&&:#{window_active},#{pane_active}}',
  '#{window_name}',
  '#{pane_current_command}',
].join('\t');

// tmux expands names and folders it is given, but not the value of an option within them.
const expand = (key: 'name' | 'cwd'): string => `#{@coppice_${key}}`;

function remember(values: Readonly<Record<'name' | 'cwd', string>>): TmuxCommand[] {
  return (['name', 'cwd'] as const).map((key) => ['set-option', '-g', `@coppice_${key}`, values[key]]);
}

// tmux would hand a lone word to a shell.
function checkedArgv(argv: readonly string[]): readonly string[] {
  if (argv.length < 2) throw new Error('the argv of a terminal is that of a wrapper, of two words at least');
  return argv;
}

function idsOf(lines: readonly string[] = []): TmuxWindow & { tmuxId: string } {
  const [, tmuxId, windowId, paneId] = /^(\$\d+) (@\d+) (%\d+)$/.exec(lines[0] ?? '') ?? [];
  if (!tmuxId || !windowId || !paneId) throw new Failure('TOOL_FAILED', `tmux made a terminal but told no ids: '${lines.join(' ')}'.`);
  return { tmuxId, windowId, paneId };
}

function sessionOf(line: string): TmuxSession {
  const [tmuxId = '', attached, name = ''] = line.split('\t');
  return { tmuxId, name, attachedClients: Number(attached) };
}

function paneOf(line: string): TmuxPane {
  const [, tmuxId = '', windowId = '', paneId = '', pid, dead, status, columns, rows, active, windowName = '', ...command] =
    line.split('\t');
  return {
    tmuxId,
    windowId,
    paneId,
    windowName,
    pid: Number(pid),
    dead: dead === '1',
    deadStatus: status ? Number(status) : undefined,
    command: command.join('\t'),
    columns: Number(columns),
    rows: Number(rows),
    active: active === '1',
  };
}

async function sendText(control: TmuxControl, request: { paneId: string; text: string; enter: boolean; paste?: boolean }): Promise<void> {
  const { paneId, text, enter, paste = /[\n\r]/.test(text) } = request;
  if (Buffer.byteLength(text) > limits.sendBytes) {
    throw new Failure('LIMIT_EXCEEDED', `The text for '${paneId}' is longer than ${limits.sendBytes} bytes; send it in parts.`, {
      details: { limit: limits.sendBytes, value: Buffer.byteLength(text) },
    });
  }
  const commands: TmuxCommand[] = [
    ['display-message', '-p', '-t', paneId, '#{pane_dead}'],
    ['copy-mode', '-q', '-t', paneId],
  ];
  const pasted = pasteable(text);
  if (paste && pasted !== '') {
    commands.push(['set-buffer', '-b', pasteBuffer, '--', pasted], ['paste-buffer', '-p', '-d', '-b', pasteBuffer, '-t', paneId]);
  } else if (!paste && text !== '') {
    commands.push(['send-keys', '-l', '-t', paneId, '--', text]);
  }
  if (enter) commands.push(['send-keys', '-t', paneId, 'Enter']);
  const [[dead] = []] = await control.run(commands);
  if (dead === '1')
    throw new Failure('PRECONDITION', `Nothing runs in '${paneId}' any more; start a new session.`, { details: { reason: 'ended' } });
}

const pasteBuffer = 'coppice-send';

async function whenThere<T>(killed: Promise<T>): Promise<T | undefined> {
  try {
    return await killed;
  } catch (error) {
    if (!isFailure(error) || error.kind !== 'NOT_FOUND') throw error;
    return undefined;
  }
}

async function askVersion(process: Pick<ProcessTool, 'runTool'>, tmuxPath: string): Promise<string | undefined> {
  try {
    return (await process.runTool(tmuxPath, ['-V'])).stdout.trim().replace(/^tmux /, '');
  } catch (error) {
    if (isFailure(error) && error.kind === 'TOOL_MISSING') return undefined;
    throw error;
  }
}
