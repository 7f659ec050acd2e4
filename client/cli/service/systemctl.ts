// systemctl and its siblings for the manager of this user.
import { spawn } from 'node:child_process';
import { Failure } from '../../../schemas/errors.ts';
import type { Env } from '../../locate.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws TOOL_MISSING where there is no such program. */
export function runProgram(program: string, words: readonly string[], env: Env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', (cause) => {
      const message = `"${program}" cannot be run; without systemd use "coppice daemon start".`;
      reject(new Failure('TOOL_MISSING', message, { cause, details: { tool: program } }));
    });
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** Throws TOOL_FAILED with what it said. */
export async function systemctl(env: Env, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('systemctl', ['--user', ...words], env);
  if (code === 0) return stdout.trim();
  const said = stderr.trim().slice(-500);
  throw new Failure('TOOL_FAILED', `"systemctl --user ${words.join(' ')}" failed: ${said || `exit code ${code}`}`, {
    details: { tool: 'systemctl', exitCode: code, stderrTail: said },
  });
}

export async function isActive(env: Env, unit: string): Promise<boolean> {
  return (await runProgram('systemctl', ['--user', 'is-active', '--quiet', unit], env)).code === 0;
}
