// The CLI without a process of its own, for what needs none.
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../../client/cli/run-cli.ts';
import type { StandardOutput } from '../../../client/cli/standard-output.ts';
import type { FakeDaemon } from './fake-daemon.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InProcessOptions {
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Pretend that stdout is a terminal this wide. */
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

export interface Started {
  readonly done: Promise<Ran>;
  /** Waits until stdout has this text. */
  printed(text: string): Promise<void>;
  /** All of stdout so far. */
  bytes(): Buffer;
}

export function inProcess(daemon: FakeDaemon, words: readonly string[], options?: InProcessOptions): Promise<Ran> {
  return startInProcess(daemon, words, options).done;
}

export function startInProcess(daemon: FakeDaemon, words: readonly string[], options: InProcessOptions = {}): Started {
  const stdout = new Screen(options.columns);
  const stderr = new Screen(undefined);
  const done = runCli(words, {
    env: { ...daemon.env, ...options.env },
    cwd: options.cwd ?? daemon.home,
    stdin: () => Readable.from([options.input ?? '']),
    stdout,
    stderr,
  }).then((code) => ({ code, stdout: stdout.bytes().toString(), stderr: stderr.bytes().toString() }));
  const printed = (text: string): Promise<void> => {
    const ended = done.then(({ stderr: told }) => {
      if (!stdout.bytes().includes(text)) throw new Error(`It ended without printing "${text}": ${stdout.bytes()}${told}`);
    });
    return Promise.race([stdout.has(text), ended]);
  };
  return { done, printed, bytes: () => stdout.bytes() };
}

class Screen extends PassThrough implements StandardOutput {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.on('data', (data: Buffer) => {
      this.#chunks.push(data);
      for (const check of this.#waiting) check();
    });
  }

  stream(): this {
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  has(text: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.bytes().includes(text)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
