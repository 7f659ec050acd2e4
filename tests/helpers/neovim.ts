// A real Neovim without a screen, with our plugin on its runtime path and none of its user's configuration, driven by Lua.
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from './package-root.ts';
import type { Home } from './real-daemon.ts';
import { appears, until } from './until.ts';

export const neovimPlugin = join(packageRoot, 'client', 'editors', 'neovim');
const driver = join(packageRoot, 'tests', 'helpers', 'neovim-driver.lua');

export interface Question {
  readonly prompt: string;
  readonly choices?: readonly string[];
}

export interface Neovim extends AsyncDisposable {
  readonly pid: number;
  /** Runs a chunk of Lua, with `given` in it, and answers what it returns. */
  lua<T = unknown>(chunk: string, given?: unknown): Promise<T>;
  /** An Ex command. */
  command(text: string): Promise<unknown>;
  /** Types keys in normal mode. */
  keys(keys: string): Promise<unknown>;
  /** The lines of the buffer `coppice://<name>`; undefined without one. */
  lines(name: string): Promise<string[] | undefined>;
  /** Waits for a line of that buffer that matches; answers it. */
  line(name: string, pattern: RegExp): Promise<string>;
  /** Puts the cursor of the current window on the first line that matches. */
  goTo(pattern: RegExp): Promise<unknown>;
  /** What was said to the user so far. */
  messages(): Promise<string[]>;
  /** Waits for a message that matches. */
  message(pattern: RegExp): Promise<string>;
  /** What the next questions will be answered with. */
  willAnswer(...answers: readonly string[]): Promise<unknown>;
  questions(): Promise<Question[]>;
  /** Leaves as people do, and answers the exit code. */
  quit(): Promise<number | null>;
}

export interface NeovimOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

let started = 0;

export async function startNeovim(home: Home, { cwd, env = {} }: NeovimOptions): Promise<Neovim> {
  started += 1;
  const socket = home.path(`nvim-${started}.sock`);
  const words = ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', `set runtimepath^=${neovimPlugin}`];
  const child = spawn('nvim', [...words, '-c', 'runtime plugin/coppice.lua', '-c', `luafile ${driver}`], {
    cwd,
    env: home.env({ NEOVIM_DRIVER: socket, XDG_RUNTIME_DIR: home.dir, ...env }),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const end = endOf(child);
  await Promise.race([appears(socket), end.then(({ stderr }) => Promise.reject(new Error(`Neovim ended at once: ${stderr}`)))]);
  const talk = talkTo(socket);
  const { lua } = talk;
  const editor: Neovim = {
    pid: child.pid as number,
    lua,
    command: (text) => lua('vim.cmd(given)', text),
    keys: (keys) => lua("vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(given, true, false, true), 'mx', false)", keys),
    lines: async (name) =>
      (await lua<string[] | null>(
        'local b = require("coppice.buffers").find(given); return b and vim.api.nvim_buf_get_lines(b, 0, -1, false)',
        name,
      )) ?? undefined,
    line: (name, pattern) =>
      until(`a line ${pattern} in ${name}`, async () => (await editor.lines(name))?.find((line) => pattern.test(line))),
    async goTo(pattern) {
      const lines = await lua<string[]>('return vim.api.nvim_buf_get_lines(0, 0, -1, false)');
      const at = lines.findIndex((line) => pattern.test(line));
      if (at < 0) throw new Error(`no line matches ${pattern}:\n${lines.join('\n')}`);
      return lua('vim.api.nvim_win_set_cursor(0, { given, 0 })', at + 1);
    },
    messages: () => lua<string[]>('return vim.tbl_map(function(one) return one.text end, driver.messages)').then(Array.from<string>),
    message: (pattern) => until(`a message ${pattern}`, async () => (await editor.messages()).find((text) => pattern.test(text))),
    willAnswer: (...answers) => lua('vim.list_extend(driver.answers, given)', answers),
    questions: () => lua<Question[]>('return driver.questions'),
    async quit() {
      void lua('vim.cmd("qall!")').catch(() => undefined);
      return (await end).code;
    },
    async [Symbol.asyncDispose]() {
      talk.close();
      child.kill('SIGKILL');
      await end;
    },
  };
  return editor;
}

function endOf(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

/** One order at a time goes out as a line, and its answer comes back as one. */
function talkTo(path: string) {
  const socket = createConnection(path);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  createInterface({ input: socket }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const order = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) order?.resolve(result);
    else order?.reject(new Error(error));
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Neovim closed the connection'));
    waiting.clear();
  });
  return {
    lua: <T>(lua: string, given: unknown = {}): Promise<T> =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject });
        socket.write(`${JSON.stringify({ id: last, lua, given })}\n`);
      }),
    close: () => socket.destroy(),
  };
}
