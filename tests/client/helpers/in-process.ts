// The CLI without a process of its own, for what needs none.
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../../client/cli/run-cli.ts';
import type { FakeDaemon } from './fake-daemon.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InProcessOptions {
  readonly input?: string;
  readonly cwd?: string;
  /** Pretend that stdout is a terminal this wide. */
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

export async function inProcess(daemon: FakeDaemon, words: readonly string[], options: InProcessOptions = {}): Promise<Ran> {
  const stdout = new Screen(options.columns);
  const stderr = new Screen(undefined);
  const code = await runCli(words, {
    env: { ...daemon.env, ...options.env },
    cwd: options.cwd ?? daemon.home,
    stdin: () => Readable.from([options.input ?? '']),
    stdout,
    stderr,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Screen extends PassThrough {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.on('data', (data: Buffer) => {
      this.text += data.toString();
    });
  }
}
