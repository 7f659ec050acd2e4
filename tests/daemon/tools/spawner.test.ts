// What the spawner promises beyond running a tool, which process.test.ts is about.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../daemon/tools/proc.ts';
import { createProcessTool } from '../../../daemon/tools/process.ts';
import { createSpawner } from '../../../daemon/tools/spawner.ts';
import { startStepProcess } from '../../../daemon/tools/step-process.ts';
import { packageRoot } from '../../helpers/package-root.ts';
import { spawnerPath, testSpawner } from '../../helpers/process-tool.ts';
import { baseEnv, createPlace, type Place, until } from './tools-fixture.ts';

/** A spawner of the test's own, which it may kill. */
function createOwn() {
  const spawner = createSpawner({ programPath: spawnerPath, searchPath: baseEnv.PATH });
  const tool = createProcessTool({ baseEnv, spawner });
  const pidOf = async (): Promise<number> => Number((await tool.runTool('sh', ['-c', 'echo $PPID'])).stdout);
  return { spawner, tool, pidOf };
}

const written = async (path: string): Promise<string> => {
  await until(`'${path}' to be written`, () => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'));
  return readFileSync(path, 'utf8').trim();
};

const isDead = (pid: number) => async (): Promise<boolean> => !(await isAlive(pid));

describe('a spawner that is killed', () => {
  test('answers all that runs with a failure that can be tried again, ends it, and is followed by another', async () => {
    await using place = createPlace();
    const { spawner, tool, pidOf } = createOwn();
    const pid = await pidOf();
    const runs = ['a', 'b'].map((name) => tool.runTool('sh', ['-c', `echo $$ > ${place.path(name)}; exec sleep 600`]));
    const answers = Promise.allSettled(runs);
    const programs = [Number(await written(place.path('a'))), Number(await written(place.path('b')))];
    process.kill(pid, 'SIGKILL');
    for (const answer of await answers) {
      expect(answer).toMatchObject({
        reason: { kind: 'UNAVAILABLE', retryable: true, message: expect.stringMatching(/SIGKILL.*'sh -c' was lost/) },
      });
    }
    expect(await pidOf()).not.toBe(pid);
    for (const program of programs) await until('the program to be asked to end', isDead(program));
    spawner.close();
  });

  test('leaves the wrappers of steps alone, whose end is still told', async () => {
    await using place = createPlace();
    const { spawner, pidOf } = createOwn();
    const step = await startWaiting(place, spawner);
    let isGone = false;
    const gone = step.gone.then(() => {
      isGone = true;
    });
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    await until('the spawner to be dead', isDead(pid));
    await pidOf();
    expect([isGone, await isAlive(step.wrapperPid)]).toEqual([false, true]);
    await place.tool.runTool('sh', ['-c', ': >fifo'], { cwd: place.dir });
    await gone;
    expect(await place.files.readExit('waiting')).toEqual({ kind: 'exit', code: 9 });
    spawner.close();
  });
});

async function startWaiting(place: Place, spawner: ReturnType<typeof createSpawner>) {
  await place.tool.runTool('mkfifo', ['fifo'], { cwd: place.dir });
  await place.files.writeSpec('waiting', { cwd: place.dir, argv: ['sh', '-c', 'read _ <fifo; exit 9'], env: baseEnv });
  const step = await startStepProcess(spawner, { files: place.files, id: 'waiting', logPath: place.path('waiting.log') });
  await place.watch.waitStarted('waiting');
  return step;
}

describe('the end of a spawner', () => {
  test('comes at its closing, after the tools that run, and without the steps', async () => {
    await using place = createPlace();
    const { spawner, tool, pidOf } = createOwn();
    const step = await startWaiting(place, spawner);
    const pid = await pidOf();
    await place.tool.runTool('mkfifo', ['hold'], { cwd: place.dir });
    const run = tool.runTool('sh', ['-c', 'read _ <hold; echo done'], { cwd: place.dir });
    spawner.close();
    expect(await isAlive(pid)).toBe(true);
    await place.tool.runTool('sh', ['-c', 'echo >hold'], { cwd: place.dir });
    expect((await run).stdout).toBe('done\n');
    await until('the spawner to be dead', isDead(pid));
    expect(await isAlive(step.wrapperPid)).toBe(true);
    await place.tool.runTool('sh', ['-c', ': >fifo'], { cwd: place.dir });
    await place.watch.wait('waiting');
  });

  test('comes with the end of its daemon by SIGKILL, and what ran lives on', async () => {
    await using place = createPlace();
    const parent = startParent(`await tool.runTool('sh', ['-c', 'echo $$ $PPID > ${place.path('pids')}; exec sleep 600']);`);
    const [program = 0, spawnerPid = 0] = (await written(place.path('pids'))).split(' ').map(Number);
    parent.kill('SIGKILL');
    await until('the spawner to be dead', isDead(spawnerPid));
    expect(await isAlive(program)).toBe(true);
    process.kill(program, 'SIGKILL');
  });

  test('is not waited for by a process that has nothing else to do', async () => {
    const parent = startParent("process.stdout.write((await tool.runTool('echo', ['ran'])).stdout);");
    let said = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect(await once(parent, 'close')).toEqual([0, null]);
    expect(said).toBe('ran\n');
  });
});

/** A process like a daemon, that does what it is told with a tool of its own. */
function startParent(script: string) {
  const source = `import { createProcessTool } from './daemon/tools/process.ts';
    import { createSpawner } from './daemon/tools/spawner.ts';
    const spawner = createSpawner({ programPath: ${JSON.stringify(spawnerPath)}, searchPath: process.env.PATH });
    const tool = createProcessTool({ baseEnv: { PATH: process.env.PATH }, spawner });
    ${script}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: packageRoot,
    env: baseEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('output', () => {
  test('of 64 MiB arrives whole', async () => {
    await using place = createPlace();
    const sizeBytes = 64 * 1024 * 1024;
    const { stdout } = await place.tool.runTool('head', ['-c', String(sizeBytes), '/dev/zero'], { maxOutputBytes: sizeBytes });
    expect(stdout.length).toBe(sizeBytes);
    await expect(place.tool.runTool('head', ['-c', '9', '/dev/zero'], { maxOutputBytes: 8 })).rejects.toMatchObject({
      kind: 'LIMIT_EXCEEDED',
    });
  });

  test('whose parts break in the midst of a character is the text that was written', async () => {
    await using place = createPlace();
    // An odd number of bytes comes first, so that every border of 64 KiB lies in a character.
    const text = `x${'é'.repeat(1 << 18)}`;
    expect((await place.tool.runTool('cat', [], { input: text })).stdout === text).toBe(true);
  });

  test('of fifty programs at once goes to whom it belongs', async () => {
    await using place = createPlace();
    const echo = async (n: number) =>
      place.tool.runTool('sh', ['-c', 'cat; echo "$0" >&2; exit "$0"', String(n)], { input: `${n} `.repeat(9_999), okExitCodes: [n] });
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => echo(n)));
    expect(results.map(({ stdout, stderr, exitCode }) => [stdout.split(' ')[9_998], stderr, exitCode])).toEqual(
      Array.from({ length: 50 }, (_, n) => [String(n), `${n}\n`, n]),
    );
  });

  test('is there when a grandchild still holds the pipes, which lives on', async () => {
    await using place = createPlace();
    const { stdout } = await place.tool.runTool('sh', ['-c', 'sleep 600 & echo $!; head -c 100000 /dev/zero | tr "\\0" x']);
    const [pid = '', rest = ''] = stdout.split('\n');
    expect(rest).toHaveLength(100_000);
    expect(await isAlive(Number(pid))).toBe(true);
    process.kill(Number(pid), 'SIGKILL');
  });
});

describe('a program', () => {
  test('has three descriptors, also while others have theirs', async () => {
    await using place = createPlace();
    const cancel = new AbortController();
    const hold = (n: number) => ['-c', `echo > ${place.path(`up${n}`)}; exec sleep 600`];
    // They do not read their input, so that the pipes of all three stay open.
    const others = [1, 2, 3].map((n) => place.tool.runTool('sh', hold(n), { signal: cancel.signal, input: 'x'.repeat(1 << 20) }));
    const ended = Promise.allSettled(others);
    for (const n of [1, 2, 3]) await written(place.path(`up${n}`));
    // The fourth is that of the folder which ls reads.
    const look = (options = {}) => place.tool.runTool('ls', ['/proc/self/fd'], options);
    expect((await look()).stdout).toBe('0\n1\n2\n3\n');
    expect((await look({ input: 'x' })).stdout).toBe('0\n1\n2\n3\n');
    await place.files.writeSpec('open', { cwd: place.dir, argv: ['ls', '/proc/self/fd'], env: baseEnv });
    await startStepProcess(testSpawner, { files: place.files, id: 'open', logPath: place.path('open.log') });
    await place.watch.wait('open');
    expect(readFileSync(place.path('open.log'), 'utf8')).toBe('0\n1\n2\n3\n');
    cancel.abort();
    await ended;
  });

  test('has the environment that was given, to the byte, and the spawner none of it', async () => {
    await using place = createPlace();
    const env = { 'odd.name-x y': 'a\nb\n', EMPTY: '', ünï: '"\'$(x)`;\u{1F600}\u0001', 'BASH_FUNC_f%%': '() { :; }', A: 'b=c' };
    const script = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env, process.ppid]))';
    const words = ['', 'two words', '*', 'a\nb', 'canary-secret'];
    for (const more of [env, { ...env, A: undefined, EMPTY: 'x' }, {}]) {
      const { stdout } = await place.tool.runTool(process.execPath, ['-e', script, ...words], { env: { ...more, HOME: undefined } });
      const [argv, seen, spawnerPid] = JSON.parse(stdout);
      expect([argv, seen]).toEqual([words, JSON.parse(JSON.stringify({ PATH: baseEnv.PATH, ...more }))]);
      expect(readFileSync(`/proc/${spawnerPid}/cmdline`, 'utf8')).not.toContain('canary');
      expect(readFileSync(`/proc/${spawnerPid}/environ`, 'utf8')).toBe(`PATH=${process.env.PATH}\0`);
    }
  });

  test('leads a session of its own and begins with no signal blocked or ignored', async () => {
    await using place = createPlace();
    // Read by the shell itself: while it forks another program, it blocks all signals.
    const masksOf = 'while read -r name mask; do case $name in SigBlk:|SigIgn:) echo "$name $mask";; esac; done < /proc/$$/status';
    const { stdout } = await place.tool.runTool('sh', ['-c', `echo $$; ps -o sid= -p $$; ${masksOf}`]);
    const [pid, session, ...masks] = stdout.trim().split('\n');
    expect(Number(session)).toBe(Number(pid));
    expect(masks.map((mask) => mask.split(/\s+/))).toEqual(['SigBlk', 'SigIgn'].map((name) => [`${name}:`, '0000000000000000']));
  });

  test('that can not be given what is asked is refused in the manner of one that fails', async () => {
    await using place = createPlace();
    const failed = (work: Promise<unknown>) => expect(work).rejects;
    await failed(place.tool.runTool('echo', ['a\0b'])).toMatchObject({ kind: 'TOOL_FAILED', details: { tool: 'echo', exitCode: null } });
    await failed(place.tool.runTool('echo', ['-n', 'x'.repeat(4_000_000)])).toMatchObject({
      kind: 'TOOL_FAILED',
      message: expect.stringContaining('E2BIG'),
    });
    await failed(place.tool.runTool('/etc/passwd', [])).toMatchObject({ kind: 'TOOL_FAILED', message: expect.stringContaining('EACCES') });
    await failed(place.tool.runTool('echo', [], { cwd: '/etc/passwd' })).toMatchObject({
      kind: 'NOT_FOUND',
      details: { id: '/etc/passwd' },
    });
  });

  test('without perl the failure names it', async () => {
    const spawner = createSpawner({ perlPath: '/no/such/perl', programPath: spawnerPath });
    const tool = createProcessTool({ baseEnv, spawner });
    for (const _ of [1, 2])
      await expect(tool.runTool('true', [])).rejects.toMatchObject({ kind: 'TOOL_MISSING', details: { tool: 'perl' } });
  });
});
