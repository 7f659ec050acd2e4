import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

async function bashCompletes(words: readonly string[]): Promise<string[]> {
  const { stdout } = await cli.run(['completion', 'bash'], { env: {} });
  const path = join(cli.packageDir, 'completion.bash');
  writeFileSync(path, stdout);
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `source ${path}; COMP_WORDS=(coppice ${quoted}); COMP_CWORD=${words.length}; _coppice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
}

test.each([
  { words: ['wo'], expected: ['work', 'worktree'] },
  { words: ['worktree', 'c'], expected: ['create', 'commit', 'conflicts'] },
  { words: ['--json', 'daemon', 'st'], expected: ['start', 'stop', 'status'] },
  { words: ['run', '--det'], expected: ['--detach'] },
  { words: ['run', 'build', '--js'], expected: ['--json'] },
  { words: ['completion', ''], expected: expect.arrayContaining(['bash', 'zsh', 'fish']) as string[] },
])('bash completes $words', async ({ words, expected }) => {
  expect(await bashCompletes(words)).toEqual(expected);
});

test.each(['zsh', 'fish'])('the script for %s is one that it accepts, where it is installed', async (shell) => {
  const { code, stdout } = await cli.run(['completion', shell], { env: {} });
  expect(code).toBe(0);
  for (const word of ['worktree', 'predict', 'create']) expect(stdout.includes(word)).toBe(word !== 'predict');
  if (!has(shell)) return;
  const path = join(cli.packageDir, `completion.${shell}`);
  writeFileSync(path, stdout);
  expect(spawnSync(shell, ['-n', path], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});
