#!/usr/bin/env node
// The process of the `coppice` CLI: its streams and its exit status.
import { runCli } from './run-cli.ts';

/** The reader of our output went away, as `head` does: there is nobody to tell. */
function leaveQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
}

/** Touching process.stderr opens it, which most commands never need. */
const stderr = {
  write(text: string | Uint8Array): boolean {
    if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', leaveQuietlyOnBrokenPipe);
    return process.stderr.write(text);
  },
};

const { stdout, env } = process;
stdout.on('error', leaveQuietlyOnBrokenPipe);
// The loop empties by itself once every connection is closed; nothing is cut off.
void runCli(process.argv.slice(2), { env, cwd: process.cwd(), stdin: () => process.stdin, stdout, stderr }).then((code) => {
  process.exitCode = code;
});
