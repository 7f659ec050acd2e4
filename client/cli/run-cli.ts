// One run of the CLI: from words to an exit status. What belongs to the process comes in from main.ts, so a test can run it too.
import { CommanderError } from 'commander';
import { packageVersion } from '../../rpc/package-info.ts';
import type { Client } from '../client.ts';
import type { Env } from '../locate.ts';
import type { Cli } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { formatError } from './format-error.ts';
import { createOutput, type Output, type Sink } from './output.ts';
import { createProgram, type GlobalOptions, VersionShown } from './program.ts';
import type { StandardOutput } from './standard-output.ts';

export interface Surroundings {
  readonly env: Env;
  readonly cwd: string;
  /** Asked for only where it is read: opening it costs a millisecond. */
  stdin(): NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: StandardOutput;
  readonly stderr: Sink;
  /** Told the exit status while connections are still open; what ends the process here need not wait for their end. */
  leave?(code: number): Promise<void>;
}

export async function runCli(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const clients: Client[] = [];
  const code = await runWords(words, surroundings, clients);
  await surroundings.leave?.(code);
  for (const client of clients) await client.close();
  return code;
}

async function runWords(words: readonly string[], surroundings: Surroundings, clients: Client[]): Promise<number> {
  const { stdout, stderr } = surroundings;
  const run: Run = { code: exitCodes.ok, globals: () => ({ color: true }) };
  try {
    const program = await createProgram(words, {
      cli: contextOf(surroundings, run, clients),
      version: packageVersion,
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    });
    run.globals = () => program.opts();
    await program.parseAsync(words, { from: 'user' });
    return run.code;
  } catch (error) {
    return answer(error, surroundings);
  }
}

interface Run {
  code: number;
  globals: () => GlobalOptions;
}

function contextOf({ env, cwd, stdin, stdout, stderr }: Surroundings, run: Run, clients: Client[]): Cli {
  let output: Output | undefined;
  return {
    env,
    cwd,
    get stdout() {
      return stdout.stream();
    },
    get out() {
      const { json = false, color } = run.globals();
      output ??= createOutput({ stdout, stderr, env, json, colour: color });
      return output;
    },
    get socketPath() {
      return run.globals().socket;
    },
    get interactive() {
      return stdout.isTTY === true && stdin().isTTY === true;
    },
    get stdin() {
      return stdin();
    },
    async connect(options = {}) {
      const { connect } = await import('../connect.ts');
      const client = await connect({
        autoStart: true,
        ...options,
        env,
        clientName: 'coppice',
        socketPath: run.globals().socket,
        onNotice: (sentence) => void stderr.write(`coppice: ${sentence}\n`),
      });
      clients.push(client);
      return client;
    },
    exitWith: (code) => {
      run.code = code;
    },
  };
}

/** Reports a failure and tells the exit status for it. */
function answer(error: unknown, { env, stderr }: Surroundings): number {
  if (error instanceof VersionShown) return exitCodes.ok;
  // Commander has printed its own message, and help that was asked for is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  stderr.write(`${formatError(error)}\n`);
  const code = exitCodeOf(error);
  if (code === exitCodes.bug && env.COPPICE_DEBUG && error instanceof Error) stderr.write(`${error.stack}\n`);
  return code;
}
