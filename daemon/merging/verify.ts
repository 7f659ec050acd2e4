// The commands that prove a piece of work, one after the other, as the user would type them.
import { isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { inheritable } from '../sessions/environment.ts';
import type { ProcessTool } from '../tools/process.ts';
import type { Verdict } from './needs.ts';

export interface VerifyWish {
  readonly worktreePath: string;
  readonly commands: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Only the end of the output is kept, whatever its length; the exit status is that of the command and not of tail. */
const wrapped = `set -o pipefail; { eval "$1"; } 2>&1 </dev/null | tail -c ${limits.verifyOutputBytes}`;
const exitCodes = Array.from({ length: 256 }, (_, code) => code);

/** Stops at the first that fails. Rejects when the signal aborts, or bash is not there. */
export async function runVerify(
  process: Pick<ProcessTool, 'runTool'>,
  { worktreePath: cwd, commands, env, timeoutMs }: VerifyWish,
  signal: AbortSignal,
): Promise<Verdict> {
  for (const command of commands) {
    try {
      const options = {
        cwd,
        env: inheritable(env),
        timeoutMs,
        signal,
        okExitCodes: exitCodes,
        maxOutputBytes: 2 * limits.verifyOutputBytes,
      };
      const { exitCode, stdout } = await process.runTool('bash', ['-c', wrapped, 'bash', command], options);
      if (exitCode !== 0) return { passed: false, command, exitCode, outputTail: stdout };
    } catch (error) {
      if (signal.aborted || !isFailure(error) || error.kind === 'TOOL_MISSING') throw error;
      return { passed: false, command, outputTail: error.message };
    }
  }
  return { passed: true };
}
