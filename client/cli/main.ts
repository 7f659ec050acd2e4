#!/usr/bin/env node
// The entry of the `coppice` CLI: streams, exit status, and closing what was opened. Commands are in commands/.
import { CommanderError } from 'commander';
import type { Client } from '../client.ts';
import { packageVersion } from '../package-info.ts';
import type { Cli } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { formatError } from './format-error.ts';
import { createOutput, type Output } from './output.ts';
import { createProgram, type GlobalOptions, VersionShown } from './program.ts';

async function main(words: readonly string[]): Promise<void> {
  const { stdout, env } = process;
  stdout.on('error', leaveQuietlyOnBrokenPipe);
  const clients: Client[] = [];
  let globals: () => GlobalOptions = () => ({ color: true });
  let output: Output | undefined;
  const cli: Cli = {
    env,
    cwd: process.cwd(),
    get out() {
      const { json = false, color } = globals();
      output ??= createOutput({ stdout, stderr: lazyStderr, env, json, colour: color });
      return output;
    },
    get socketPath() {
      return globals().socket;
    },
    get interactive() {
      return stdout.isTTY === true && process.stdin.isTTY === true;
    },
    get stdin() {
      return process.stdin;
    },
    async connect(options = {}) {
      const { connect } = await import('../connect.ts');
      const client = await connect({
        autoStart: true,
        ...options,
        env,
        clientName: 'coppice',
        socketPath: globals().socket,
        onNotice: (sentence) => lazyStderr.write(`coppice: ${sentence}\n`),
      });
      clients.push(client);
      return client;
    },
    exitWith: (code) => {
      process.exitCode = code;
    },
  };
  try {
    const program = await createProgram(words, {
      cli,
      version: packageVersion,
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => lazyStderr.write(text),
    });
    globals = () => program.opts();
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = answer(error);
  } finally {
    for (const client of clients) await client.close();
  }
}

/** Touching process.stderr opens it, which most commands never need. */
const lazyStderr = {
  write(text: string | Uint8Array): boolean {
    const { stderr } = process;
    if (stderr.listenerCount('error') === 0) stderr.on('error', leaveQuietlyOnBrokenPipe);
    return stderr.write(text);
  },
};

/** Reports a failure and tells the exit status for it. */
function answer(error: unknown): number {
  if (error instanceof VersionShown) return exitCodes.ok;
  // Commander has printed its own message, and help that was asked for is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  lazyStderr.write(`${formatError(error)}\n`);
  const code = exitCodeOf(error);
  if (code === exitCodes.bug && process.env.COPPICE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return code;
}

/** The reader of our output went away, as `head` does: there is nobody to tell. */
function leaveQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
  throw error;
}

void main(process.argv.slice(2));
