// The CLI as users have it: bundled into one file, inside a package directory, run as a process.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..', '..');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<Finished>;
  /** Waits until stdout, or stderr, has this text. */
  printed(text: string, stream?: 'stdout' | 'stderr'): Promise<void>;
}

export interface RunOptions {
  readonly env: Record<string, string>;
  readonly cwd?: string;
  readonly input?: string;
  /** Leave stdin open. */
  readonly keepStdin?: boolean;
}

export class Cli implements Disposable {
  readonly packageDir: string;
  readonly entry: string;

  constructor(packageDir: string) {
    this.packageDir = packageDir;
    this.entry = join(packageDir, 'dist', 'coppice.cjs');
  }

  static async bundled(): Promise<Cli> {
    const cli = new Cli(mkdtempSync(join(tmpdir(), 'copcli-')));
    copyFileSync(join(root, 'package.json'), join(cli.packageDir, 'package.json'));
    await build({
      entryPoints: [join(root, 'client', 'cli', 'main.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      // The view of "top" is a file of its own in the build.
      external: ['ink', 'react', 'string-width'],
      outfile: cli.entry,
      logLevel: 'error',
    });
    return cli;
  }

  /** What auto-start finds as the program of the daemon. */
  installDaemon(source: string): void {
    mkdirSync(join(this.packageDir, 'dist', 'daemon'), { recursive: true });
    writeFileSync(join(this.packageDir, 'dist', 'daemon', 'main.cjs'), source);
  }

  start(words: readonly string[], options: RunOptions): Running {
    const child = spawn(process.execPath, [this.entry, ...words], { env: options.env, cwd: options.cwd ?? this.packageDir });
    const output = { stdout: '', stderr: '' };
    const waiting = new Set<() => void>();
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        for (const check of waiting) check();
      });
    }
    if (!options.keepStdin) child.stdin.end(options.input ?? '');
    const done = new Promise<Finished>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...output })));
    const printed = (text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!output[stream].includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        void done.then(() => reject(new Error(`It ended without printing "${text}": ${output.stdout}${output.stderr}`)));
        check();
      });
    return { child, done, printed };
  }

  run(words: readonly string[], options: RunOptions): Promise<Finished> {
    return this.start(words, options).done;
  }

  [Symbol.dispose](): void {
    rmSync(this.packageDir, { recursive: true, force: true });
  }
}
