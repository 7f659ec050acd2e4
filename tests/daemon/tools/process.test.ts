import { existsSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../daemon/tools/proc.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { baseEnv, createPlace, until } from './tools-fixture.ts';

describe('running a tool', () => {
  test('output, error output and accepted exit codes come back as they are', async () => {
    await using place = createPlace();
    expect(await place.tool.runTool('sh', ['-c', 'echo out; echo err >&2; exit 3'], { okExitCodes: [0, 3] })).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
    });
    expect((await place.tool.runTool('cat', [], { input: 'x'.repeat(1 << 20) })).stdout).toHaveLength(1 << 20);
    expect((await place.tool.runTool('cat', [])).stdout).toBe('');
    expect((await place.tool.runTool('pwd', [], { cwd: place.dir })).stdout).toBe(`${place.dir}\n`);
  });

  test('the environment is exactly the base and what is added', async () => {
    const tool = createTestProcessTool({ PATH: process.env.PATH ?? '', KEPT: '1' });
    const { stdout } = await tool.runTool('env', [], { env: { MORE: 'a\nb' } });
    expect(stdout).toBe(`PATH=${process.env.PATH}\nKEPT=1\nMORE=a\nb\n`);
  });

  test('a failure says which tool, how it ended and what it said', async () => {
    await using place = createPlace();
    await expect(place.tool.runTool('sh', ['-c', 'echo a >&2; echo the reason >&2; exit 9'])).rejects.toMatchObject({
      kind: 'TOOL_FAILED',
      message: "'sh -c' failed with exit code 9: the reason",
      details: { tool: 'sh', exitCode: 9, stderrTail: 'a\nthe reason\n' },
    });
    await expect(place.tool.runTool('sh', ['-c', 'kill -KILL $$'])).rejects.toMatchObject({
      kind: 'TOOL_FAILED',
      details: { exitCode: null },
    });
  });

  test('a missing tool is told apart from a missing folder', async () => {
    await using place = createPlace();
    const noTmux = createTestProcessTool({ PATH: place.dir });
    await expect(noTmux.runTool('tmux', ['-V'])).rejects.toMatchObject({
      kind: 'TOOL_MISSING',
      details: { tool: 'tmux', remedy: 'apt install tmux' },
    });
    rmSync(place.path('steps'), { recursive: true });
    await expect(place.tool.runTool('ls', [], { cwd: place.path('steps') })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  test('cancelling, a deadline and too much output end it', async () => {
    await using place = createPlace();
    const cancel = new AbortController();
    const cancelled = place.tool.runTool('sleep', ['60'], { signal: cancel.signal });
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ kind: 'CANCELLED' });
    await expect(place.tool.runTool('sleep', ['60'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'CANCELLED' });
    await expect(place.tool.runTool('sleep', ['60'], { timeoutMs: 50 })).rejects.toMatchObject({ kind: 'DEADLINE_EXCEEDED' });
    await expect(place.tool.runTool('yes', [], { maxOutputBytes: 1000 })).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED' });
  });

  test('a tool leads a group of its own, and what it started ends with it when it is cut off', async () => {
    await using place = createPlace();
    const { stdout } = await place.tool.runTool('sh', ['-c', 'echo $$; ps -o pgid= -p $$']);
    const [pid, group] = stdout.split('\n').map(Number);
    expect(group).toBe(pid);
    const pidFile = place.path('pid');
    const stubborn = `sh -c 'trap "" TERM; echo $$ > ${pidFile}; while :; do sleep 0.1; done'`;
    await expect(place.tool.runTool('sh', ['-c', `${stubborn} & wait`], { timeoutMs: 500 })).rejects.toMatchObject({
      kind: 'DEADLINE_EXCEEDED',
    });
    const grandchild = Number(readFileSync(pidFile, 'utf8'));
    await until('the grandchild to be dead', async () => !(await isAlive(grandchild)));
  });

  test('those that still run are asked to end when the tool is closed', async () => {
    await using place = createPlace();
    const tool = createTestProcessTool(baseEnv);
    const run = tool.runTool('sh', ['-c', `sleep 600 & echo $! > ${place.path('pid')}; wait`]);
    const ended = expect(run).rejects.toMatchObject({ kind: 'TOOL_FAILED', message: expect.stringContaining('SIGTERM') });
    await until('the tool to run', () => existsSync(place.path('pid')) && readFileSync(place.path('pid'), 'utf8').endsWith('\n'));
    const child = Number(readFileSync(place.path('pid'), 'utf8'));
    tool.close();
    await ended;
    await until('the child to be dead', async () => !(await isAlive(child)));
  });

  test('exit code 0 is success, whatever the error output says', async () => {
    await using place = createPlace();
    const said = 'fatal: panic: Segmentation fault (core dumped)';
    expect(await place.tool.runTool('sh', ['-c', `echo "${said}" >&2`])).toEqual({ stdout: '', stderr: `${said}\n`, exitCode: 0 });
  });

  test('a large input that is not read neither blocks nor fails', async () => {
    await using place = createPlace();
    expect(await place.tool.runTool('true', [], { input: 'x'.repeat(8 << 20) })).toMatchObject({ exitCode: 0 });
    expect((await place.tool.runTool('head', ['-c', '3'], { input: 'x'.repeat(8 << 20) })).stdout).toBe('xxx');
  });

  test('a background process that holds the pipes does not hold the answer', async () => {
    await using place = createPlace();
    const from = performance.now();
    const { stdout } = await place.tool.runTool('sh', ['-c', 'sleep 3 & echo done']);
    expect(stdout).toBe('done\n');
    expect(performance.now() - from).toBeLessThan(2_500);
  });

  test('a program is found without being started', async () => {
    await using place = createPlace();
    expect(await place.tool.which('sh')).toMatch(/\/sh$/);
    expect(await place.tool.which('/bin/sh')).toBe('/bin/sh');
    expect(await place.tool.which('no-such-program')).toBeUndefined();
    expect(await place.tool.which('etc')).toBeUndefined();
  });
});
