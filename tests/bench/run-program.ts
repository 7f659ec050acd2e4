import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** As a user's shell runs it, but without one; any other exit code than 0 is a failure. */
export async function run(program: string, words: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): Promise<void> {
  const child = spawn(program, words, { env, stdio: 'ignore', ...(cwd === undefined ? {} : { cwd }) });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${code}`);
}
