// The commands that prove a piece of work, one after the other, as the user would type them.
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { inheritable } from '../sessions/environment.ts';
import type { ProcessTool } from '../tools/process.ts';
import type { Verdict } from './needs.ts';

export interface VerifyWish {
  readonly worktreePath: string;
  readonly commands: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of each command. */
  readonly timeoutMs: number;
  /** Holds all that the commands of the last run printed. */
  readonly logPath: string;
}

/**
 * The output goes to a file and not through a pipe, which a server left in the background would hold open. What is left of the group when
 * the command has ended ends with it.
 */
const wrapped = '(eval "$1") >>"$2" 2>&1 </dev/null; code=$?; trap "" TERM; kill -TERM 0; exit $code';
const exitCodes = Array.from({ length: 256 }, (_, code) => code);

/** Stops at the first that fails; one that takes too long or can not be run has failed. Rejects when the signal aborts, or bash is missing. */
export async function runVerify(process: Pick<ProcessTool, 'runTool'>, wish: VerifyWish, signal: AbortSignal): Promise<Verdict> {
  const { worktreePath: cwd, commands, env, timeoutMs, logPath } = wish;
  await mkdir(dirname(logPath), { recursive: true, mode: 0o700 });
  await rm(logPath, { force: true });
  const log = await open(logPath, 'a+', 0o600);
  try {
    for (const command of commands) {
      await log.write(`$ ${command}\n`);
      const { size: start } = await log.stat();
      const outputTail = async (): Promise<string> => {
        const { size } = await log.stat();
        const bytes = Buffer.alloc(Math.min(size - start, limits.verifyOutputBytes));
        await log.read(bytes, 0, bytes.length, size - bytes.length);
        return bytes.toString('utf8');
      };
      try {
        const options = { cwd, env: inheritable(env), timeoutMs, signal, okExitCodes: exitCodes };
        const { exitCode } = await process.runTool('bash', ['-c', wrapped, 'bash', command, logPath], options);
        if (exitCode !== 0) return { passed: false, command, exitCode, outputTail: await outputTail() };
      } catch (error) {
        if (signal.aborted || !isFailure(error) || error.kind === 'TOOL_MISSING') throw error;
        return { passed: false, command, outputTail: `${await outputTail()}${error.message}`.slice(-limits.verifyOutputBytes) };
      }
    }
    return { passed: true };
  } finally {
    await log.close();
  }
}
