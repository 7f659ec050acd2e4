import { Failure, isFailure } from '../../schemas/errors.ts';
import type { Client } from '../client.ts';
import type { Cli } from './context.ts';

/** Hands our terminal to the program that shows the session's, and takes its exit status over. */
export async function attachTo(cli: Cli, client: Client, ref: string): Promise<void> {
  if (!cli.interactive) {
    throw new Failure(
      'PRECONDITION',
      `Attaching to "${ref}" needs a terminal, and stdin or stdout is none; use "coppice terminal capture".`,
    );
  }
  const argv = await argvFor(client, ref, cli.env.TMUX);
  // The terminal may be watched for days; nothing is asked of the daemon meanwhile.
  await client.close();
  cli.exitWith(await runInherited(argv));
}

/** A session first; a terminal may also live without one. */
async function argvFor(client: Client, ref: string, insideTmux: string | undefined): Promise<string[]> {
  const inside = insideTmux ? { insideTmux } : {};
  try {
    return (await client.session.attach({ id: ref, ...inside })).argv;
  } catch (error) {
    if (!isFailure(error) || error.kind !== 'NOT_FOUND') throw error;
    const terminal = await client.terminal.attach({ terminal: ref, ...inside }).catch(() => undefined);
    if (terminal === undefined) throw error;
    return terminal.argv;
  }
}

/** Runs a program on our own terminal; answers its exit code. */
export async function runInherited(argv: readonly string[]): Promise<number> {
  const [file, ...words] = argv;
  if (file === undefined) throw new Failure('TOOL_FAILED', 'The daemon named no program to attach with.');
  const [{ spawn }, { constants }] = await Promise.all([import('node:child_process'), import('node:os')]);
  // Keys like Ctrl-C are for the program that has the terminal.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(file, words, { stdio: 'inherit' });
      child.on('error', (cause) => {
        reject(
          new Failure('TOOL_MISSING', `The program "${file}" cannot be run; install it, or put it on your PATH.`, {
            cause,
            details: { tool: file },
          }),
        );
      });
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
