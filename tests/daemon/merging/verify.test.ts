// The verify commands: their verdict, their output, and their end.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Verdict } from '../../../daemon/merging/needs.ts';
import { runVerify } from '../../../daemon/merging/verify.ts';
import { isAlive } from '../../../daemon/tools/proc.ts';
import { limits } from '../../../schemas/limits.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { createTempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { appears, until } from '../../helpers/until.ts';

let dir: TempDir;
beforeEach(() => {
  dir = createTempDir();
});
afterEach(() => dir[Symbol.dispose]());

const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };

function verify(commands: string[], { signal = new AbortController().signal, timeoutMs = 60_000, more = {} } = {}): Promise<Verdict> {
  const wish = { worktreePath: dir.path, commands, env: { ...env, ...more }, timeoutMs, logPath: dir.at('logs/one.log') };
  return runVerify(createTestProcessTool(env), wish, signal);
}

const pidIn = async (name: string): Promise<number> => Number(await readFile(dir.at(name), 'utf8'));
const ended = (pid: number) => until(`process ${pid} to end`, async () => !(await isAlive(pid)));

test('all that pass is a pass, in the worktree and with the environment given, and all output is in the log', async () => {
  const commands = ['echo "$WORD in $PWD"', 'cat; test -z "$COPPICE_TOKEN" && echo no token | tr a-z A-Z >&2'];
  expect(await verify(commands, { more: { WORD: 'hello', COPPICE_TOKEN: 'secret' } })).toEqual({ passed: true });
  const log = await readFile(dir.at('logs/one.log'), 'utf8');
  expect(log).toBe(`$ ${commands[0]}\nhello in ${dir.path}\n$ ${commands[1]}\nNO TOKEN\n`);
});

test('the first that fails is told with its exit code and the end of its own output; the rest does not run', async () => {
  const verdict = await verify(['echo earlier', 'echo why; exit 7', 'touch later']);
  expect(verdict).toEqual({ passed: false, command: 'echo why; exit 7', exitCode: 7, outputTail: 'why\n' });
  expect(existsSync(dir.at('later'))).toBe(false);
  expect(await verify(['no-such-program'])).toMatchObject({ passed: false, exitCode: 127 });
  expect(await verify(['if then'])).toMatchObject({ passed: false, outputTail: expect.stringContaining('syntax error') });
  expect(await verify(['kill -KILL $BASHPID'])).toMatchObject({ passed: false, exitCode: 137 });
});

test('of output without end only the end is told', async () => {
  const verdict = await verify(['head -c 3000000 /dev/zero | tr "\\0" x; echo; echo last; false']);
  const { outputTail } = verdict as Extract<Verdict, { passed: false }>;
  expect(outputTail).toHaveLength(limits.verifyOutputBytes);
  expect(outputTail.endsWith('x\nlast\n')).toBe(true);
});

test('one that takes too long has failed, and nothing of it lives on', async () => {
  const verdict = await verify(['sleep 300 & echo $! > child; echo begun; wait'], { timeoutMs: 1_500 });
  expect(verdict).toMatchObject({ passed: false, outputTail: expect.stringMatching(/^begun\n.*within 1500 ms/s) });
  await ended(await pidIn('child'));
});

test('what a command leaves in the background neither holds it up nor lives on', async () => {
  expect(await verify(['sleep 300 & echo $! > child'])).toEqual({ passed: true });
  await ended(await pidIn('child'));
});

test('an abort ends what runs, and is no verdict', async () => {
  const abort = new AbortController();
  const running = failureOf(verify(['sleep 300 & echo $! > child.tmp; mv child.tmp child; wait'], { signal: abort.signal }), 'CANCELLED');
  await appears(join(dir.path, 'child'));
  abort.abort();
  await running;
  await ended(await pidIn('child'));
});
