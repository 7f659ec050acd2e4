// What the daemon and spawner.pl say to each other, as bytes; the head of that file tells what each word means.
import { getSystemErrorName } from 'node:util';
import { signalName } from './signal-names.ts';

export interface Program {
  /** Absent: where the daemon was started. */
  readonly cwd?: string | undefined;
  readonly argv: readonly [string, ...string[]];
  /** All of its environment; its PATH is where the program is looked for. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: it reads nothing. */
  readonly input?: string | Uint8Array | undefined;
  /** A file that what it writes is appended to; absent: the daemon hears it. */
  readonly logPath?: string;
}

export type ProgramEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It did not run: something about its folder, its log or itself. */
  | { readonly kind: 'error'; readonly about: 'start' | 'cwd' | 'log'; readonly code: string };

export type Stream = 'out' | 'err';
export type Order = 'ask' | 'cut' | 'kill' | 'settle';

export interface Replies {
  pid(id: number, pid: number): void;
  output(id: number, stream: Stream, bytes: Buffer): void;
  left(id: number): void;
  end(id: number, end: ProgramEnd): void;
}

/** True for what would look like two fields, and what no program can be given. */
export function hasNul({ cwd = '', argv, env }: Program): boolean {
  return [cwd, ...argv, ...Object.keys(env), ...Object.values(env)].some((field) => field.includes('\0'));
}

/** A run and its whole input. */
export function runOrder(id: number, { cwd = '', argv, env, input, logPath = '' }: Program): (string | Uint8Array)[] {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const fields = [cwd, input === undefined ? '' : 'pipe', logPath, String(argv.length), ...argv, ...pairs];
  const text = `${fields.join('\0')}\0`;
  return [`run ${id} ${Buffer.byteLength(text)}\n${text}`, ...(input === undefined ? [] : inputOrders(id, input))];
}

// The other side takes an order when all of it is there: small ones keep it small.
const inputBytes = 64 * 1024;

function inputOrders(id: number, input: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const parts: (string | Uint8Array)[] = [];
  for (let at = 0; at < bytes.length; at += inputBytes) {
    const part = bytes.subarray(at, at + inputBytes);
    parts.push(`in ${id} ${part.length}\n`, part);
  }
  return [...parts, `in ${id} 0\n`];
}

/** Takes the bytes of the other side as they come. */
export function createReplyReader(replies: Replies): (chunk: Buffer) => void {
  let line = '';
  let output: { readonly id: number; readonly stream: Stream; left: number } | undefined;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (output) {
        const bytes = chunk.subarray(at, at + output.left);
        const { id, stream } = output;
        at += bytes.length;
        output.left -= bytes.length;
        if (output.left === 0) output = undefined;
        replies.output(id, stream, bytes);
        continue;
      }
      const lineEnd = chunk.indexOf(10, at);
      line += chunk.toString('latin1', at, lineEnd === -1 ? chunk.length : lineEnd);
      if (lineEnd === -1) return;
      at = lineEnd + 1;
      const [verb = '', id = '', ...words] = line.split(' ');
      line = '';
      if (verb === 'out' || verb === 'err') output = { id: Number(id), stream: verb, left: Number(words[0]) };
      else if (verb === 'pid') replies.pid(Number(id), Number(words[0]));
      else if (verb === 'left') replies.left(Number(id));
      else replies.end(Number(id), endOf(words));
    }
  };
}

function endOf([kind, first = '', second = '']: readonly string[]): ProgramEnd {
  if (kind === 'exit') return { kind, code: Number(first) };
  if (kind === 'signal') return { kind, signal: signalName(Number(first)) };
  return { kind: 'error', about: first as 'start' | 'cwd' | 'log', code: getSystemErrorName(-Number(second)) };
}
