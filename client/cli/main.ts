#!/usr/bin/env node
// The process of the `coppice` CLI: its streams and its exit status.
import { runCli } from './run-cli.ts';
import { processOutput } from './standard-output.ts';

/** The reader of our output went away, as `head` does: there is nobody to tell. */
function leaveQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
}

/** Touching process.stderr opens it, which most commands never need. */
let isStderrOpen = false;
const stderr = {
  write(text: string | Uint8Array): boolean {
    if (!isStderrOpen) process.stderr.on('error', leaveQuietlyOnBrokenPipe);
    isStderrOpen = true;
    return process.stderr.write(text);
  },
};

const stdout = processOutput(leaveQuietlyOnBrokenPipe);

/**
 * Ends the process when all that was written has left; otherwise its loop empties by itself once every connection is closed. That takes a
 * thirtieth of a short command longer: to close a socket Node opens stderr.
 */
async function leave(code: number): Promise<void> {
  process.exitCode = code;
  await new Promise((resolve) => setImmediate(resolve));
  if (stdout.isFlushed() && !(isStderrOpen && process.stderr.writableLength > 0)) process.exit();
}

void runCli(process.argv.slice(2), { env: process.env, cwd: process.cwd(), stdin: () => process.stdin, stdout, stderr, leave });
