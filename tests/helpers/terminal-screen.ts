// A program on a terminal as a user has it: in a tmux server of the test's own, driven by keys and read from its screen.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Home } from './real-daemon.ts';
import { until } from './until.ts';

const run = promisify(execFile);

export interface TerminalScreen extends AsyncDisposable {
  /** Keys by their names in tmux: Down, Enter, C-c, or a character. */
  keys(...names: readonly string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** The lines of the screen, without blanks at their ends. */
  lines(): Promise<string[]>;
  text(): Promise<string>;
  /** With the escape sequences of colours and styles. */
  raw(): Promise<string>;
  /** The screen, once it has all of these. */
  shows(...parts: readonly (string | RegExp)[]): Promise<string>;
  /** The screen, once it has none of these. */
  showsNot(...parts: readonly (string | RegExp)[]): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** Of the program. */
  pid(): Promise<number>;
  /** What the program ended with, once it has. */
  exitCode(): Promise<number>;
  tmux(...args: readonly string[]): Promise<string>;
}

export interface ScreenOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
}

let screens = 0;

/** The socket and all processes are of the home, which ends them at the latest. */
export async function onTerminal(home: Home, argv: readonly string[], options: ScreenOptions = {}): Promise<TerminalScreen> {
  const { columns = 80, rows = 24 } = options;
  screens += 1;
  // A server that is just ending would be asked in the place of a new one at the same socket.
  const socket = home.path(`screen-${screens}.sock`);
  const configPath = home.path('screen.conf');
  writeFileSync(configPath, 'set -g status off\n');
  const env = home.env({ TMUX: undefined, ...options.env });
  const tmux = async (...args: readonly string[]): Promise<string> => (await run('tmux', ['-S', socket, ...args], { env })).stdout;
  const exitPath = home.path(`screen-${screens}.exit`);
  // The terminal outlives the program, so that what it left there can be seen.
  const shell = ['sh', '-c', '"$@"; echo $? > "$0"; exec cat', exitPath, ...argv];
  const open = ['new-session', '-d', '-s', 'user', '-x', String(columns), '-y', String(rows), '-c', home.dir];
  await run('tmux', ['-f', configPath, '-S', socket, ...open, '--', ...shell], { env });
  const capture = (...more: readonly string[]): Promise<string> => tmux('capture-pane', '-p', '-t', 'user', ...more);
  const has = (text: string, part: string | RegExp): boolean => (typeof part === 'string' ? text.includes(part) : part.test(text));
  const waitFor = async (what: string, is: (text: string) => boolean): Promise<string> => {
    let last = '';
    try {
      return await until(what, async () => {
        last = await capture();
        return is(last) && last;
      });
    } catch (cause) {
      throw new Error(`The screen never came to ${what}; it is:\n${last}`, { cause });
    }
  };
  return {
    tmux,
    keys: async (...names) => void (await tmux('send-keys', '-t', 'user', ...names)),
    type: async (text) => void (await tmux('send-keys', '-l', '-t', 'user', text)),
    lines: async () => (await capture()).replace(/\n$/, '').split('\n'),
    text: () => capture(),
    raw: () => capture('-e'),
    shows: (...parts) => waitFor(`show ${parts.join(', ')}`, (text) => parts.every((part) => has(text, part))),
    showsNot: (...parts) => waitFor(`be without ${parts.join(', ')}`, (text) => !parts.some((part) => has(text, part))),
    resize: async (x, y) => void (await tmux('resize-window', '-t', 'user', '-x', String(x), '-y', String(y))),
    async pid() {
      const shellPid = (await tmux('display-message', '-p', '-t', 'user', '#{pane_pid}')).trim();
      return Number(readFileSync(`/proc/${shellPid}/task/${shellPid}/children`, 'utf8').split(' ')[0]);
    },
    exitCode: () =>
      until('the program to end', () => readFileSync(exitPath, 'utf8') || undefined).then(Number, async (cause: Error) => {
        throw new Error(`The program did not end; the screen is:\n${await capture()}`, { cause });
      }),
    async [Symbol.asyncDispose]() {
      await tmux('kill-server').catch(() => undefined);
    },
  };
}
