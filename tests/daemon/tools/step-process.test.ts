import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAlive, lookAtAll, startTimeOf } from '../../../daemon/tools/proc.ts';
import { createStepFiles } from '../../../daemon/tools/step-files.ts';
import { startStepProcess } from '../../../daemon/tools/step-process.ts';
import { testSpawner } from '../../helpers/process-tool.ts';
import { baseEnv, createPlace, type Place, scriptsDir, until } from './tools-fixture.ts';

async function runStep(place: Place, id: string, argv: string[], env: Record<string, string> = baseEnv, cwd = place.dir) {
  await place.files.writeSpec(id, { cwd, argv, env });
  const step = await startStepProcess(testSpawner, { files: place.files, id, logPath: place.path(`${id}.log`) });
  return { ...step, log: () => readFileSync(place.path(`${id}.log`)) };
}

async function endOf(place: Place, id: string) {
  await place.watch.wait(id);
  return place.files.readExit(id);
}

describe('a step without a terminal', () => {
  test('exit codes and signals are told apart', async () => {
    await using place = createPlace();
    await runStep(place, 'seven', ['sh', '-c', 'exit 7']);
    await runStep(place, 'high', ['sh', '-c', 'exit 143']);
    await runStep(place, 'term', ['sh', '-c', 'kill -TERM $$']);
    await runStep(place, 'abort', ['sh', '-c', 'ulimit -c 0; kill -ABRT $$']);
    expect(await endOf(place, 'seven')).toEqual({ kind: 'exit', code: 7 });
    expect(await endOf(place, 'high')).toEqual({ kind: 'exit', code: 143 });
    expect(await endOf(place, 'term')).toEqual({ kind: 'signal', signal: 'SIGTERM' });
    expect(await endOf(place, 'abort')).toEqual({ kind: 'signal', signal: 'SIGABRT' });
  });

  test('a missing program and a missing folder are errors of their own', async () => {
    await using place = createPlace();
    await runStep(place, 'nothing', ['no-such-program', 'x']);
    await runStep(place, 'nowhere', ['true'], baseEnv, place.path('gone'));
    expect(await endOf(place, 'nothing')).toEqual({ kind: 'error', message: "cannot run 'no-such-program': No such file or directory" });
    expect(await endOf(place, 'nowhere')).toMatchObject({ kind: 'error', message: expect.stringContaining('cannot enter') });
    expect(readdirSync(place.path('steps')).filter((name) => name.endsWith('.pid'))).toEqual([]);
  });

  test('what runs is told of, also when the wrapper is killed by the first thing that it runs', async () => {
    await using place = createPlace();
    const ids = Array.from({ length: 30 }, (_, n) => `killer${n}`);
    await Promise.all(
      ids.map(async (id) => {
        const { gone, wrapperPid } = await runStep(place, id, ['sh', '-c', 'kill -9 $PPID']);
        await gone;
        expect(await place.files.readPids(id)).toMatchObject({
          wrapperPid,
          wrapperStart: expect.any(Number),
          childStart: expect.any(Number),
        });
        expect(await place.files.readExit(id)).toBe(undefined);
      }),
    );
  });

  test('a file can be its input and another its output, while standard error still goes to the log', async () => {
    await using place = createPlace();
    writeFileSync(place.path('in'), 'asked\n');
    const files = { stdinPath: place.path('in'), stdoutPath: place.path('out') };
    await place.files.writeSpec('ask', { cwd: place.dir, argv: ['sh', '-c', 'cat; echo aside >&2'], env: baseEnv, ...files });
    await startStepProcess(testSpawner, { files: place.files, id: 'ask', logPath: place.path('ask.log') });
    expect(await endOf(place, 'ask')).toEqual({ kind: 'exit', code: 0 });
    expect([readFileSync(place.path('out'), 'utf8'), readFileSync(place.path('ask.log'), 'utf8')]).toEqual(['asked\n', 'aside\n']);
    expect(statSync(place.path('out')).mode & 0o077).toBe(0);
    // An attempt before this one may have left more.
    await place.files.writeSpec('again', { cwd: place.dir, argv: ['echo', 'x'], env: baseEnv, ...files });
    await startStepProcess(testSpawner, { files: place.files, id: 'again', logPath: place.path('ask.log') });
    await endOf(place, 'again');
    expect(readFileSync(place.path('out'), 'utf8')).toBe('x\n');
    await place.files.writeSpec('none', { cwd: place.dir, argv: ['true'], env: baseEnv, stdinPath: place.path('gone') });
    await startStepProcess(testSpawner, { files: place.files, id: 'none', logPath: place.path('ask.log') });
    expect(await endOf(place, 'none')).toMatchObject({ kind: 'error', message: expect.stringContaining("cannot read '") });
  });

  test('arguments and environment arrive exactly, whatever they hold', async () => {
    await using place = createPlace();
    const env = {
      'odd.name-x y': 'a\nb\n',
      EMPTY: '',
      ünï: '"\'$(x)`;\u{1F600}\u0001\u001b',
      'BASH_FUNC_f%%': '() { :; }',
      A: 'b=c',
      PATH: '',
    };
    const argv = [
      process.execPath,
      '-e',
      'console.log(JSON.stringify([process.argv.slice(1), process.env]))',
      '',
      'two words',
      '*',
      'a\nb',
      "'",
    ];
    const step = await runStep(place, 'exact', argv, env);
    expect(await endOf(place, 'exact')).toEqual({ kind: 'exit', code: 0 });
    expect(JSON.parse(step.log().toString())).toEqual([argv.slice(3), env]);
  });

  test('the spec is private, is gone once read, and no argument of the user shows in the argv of the wrapper', async () => {
    await using place = createPlace();
    const argv = ['sh', '-c', 'read _ <fifo', 'canary-secret'];
    await place.tool.runTool('mkfifo', ['fifo'], { cwd: place.dir });
    await place.files.writeSpec('quiet', { cwd: place.dir, argv, env: { ...baseEnv, KEY: 'canary-secret' } });
    expect(statSync(place.path('steps/quiet.spec')).mode & 0o777).toBe(0o600);
    const { wrapperPid } = await startStepProcess(testSpawner, { files: place.files, id: 'quiet', logPath: place.path('quiet.log') });
    await place.watch.waitStarted('quiet');
    const pids = await place.files.readPids('quiet');
    expect(pids?.wrapperPid).toBe(wrapperPid);
    expect(existsSync(place.path('steps/quiet.spec'))).toBe(false);
    for (const name of readdirSync(place.path('steps'))) expect(readFileSync(place.path(`steps/${name}`), 'utf8')).not.toContain('canary');
    expect(readFileSync(`/proc/${wrapperPid}/cmdline`, 'utf8')).not.toContain('canary');
    expect(readFileSync(`/proc/${wrapperPid}/environ`, 'utf8')).not.toContain('canary');
    await place.tool.runTool('sh', ['-c', ': >fifo'], { cwd: place.dir });
    expect(await endOf(place, 'quiet')).toEqual({ kind: 'exit', code: 1 });
    expect(await place.files.listIds()).toEqual(['quiet']);
    await place.files.forget('quiet');
    expect(await place.files.listIds()).toEqual([]);
  });

  test.each([
    ['nobody', 'true', true],
    ['one that has ended too', 'sleep 0.05 & wait', true],
    ['one in the background', 'sleep 60 & echo $! > left', false],
    ['one in a session of its own', "setsid sh -c 'echo $$ > left; exec sleep 60' & while ! test -s left; do :; done", false],
    ['one whose parents have ended', "(sh -c 'sleep 60 & echo $! > left' &) ; while ! test -s left; do :; done", false],
  ])('the wrapper tells whether the step leaves somebody: %s', async (_who, script, alone) => {
    await using place = createPlace();
    await runStep(place, 'left', ['sh', '-c', script]);
    expect(await endOf(place, 'left')).toEqual({ kind: 'exit', code: 0 });
    expect(place.files.endedAlone('left')).toBe(alone);
    if (!alone) process.kill(Number(readFileSync(place.path('left'), 'utf8')));
    await place.files.forget('left');
    expect(place.files.endedAlone('left')).toBe(false);
    expect(await place.files.listIds()).toEqual([]);
  });

  test('the wrapper tells when it started, so that a later process of its pid is not taken for it', async () => {
    await using place = createPlace();
    await place.files.writeSpec('told', { cwd: place.dir, argv: ['sleep', '60'], env: baseEnv });
    await startStepProcess(testSpawner, { files: place.files, id: 'told', logPath: place.path('told.log') });
    await place.watch.waitStarted('told');
    const { wrapperPid, childPid, wrapperStart } = (await place.files.readPids('told')) ?? { wrapperPid: 0, childPid: 0 };
    expect(wrapperStart).toBe(await startTimeOf(wrapperPid));
    expect(await isAlive(wrapperPid, wrapperStart)).toBe(true);
    writeFileSync(place.path('steps/older.pid'), '12 34\n');
    expect(await place.files.readPids('older')).toEqual({ wrapperPid: 12, childPid: 34 });
    process.kill(childPid, 'SIGKILL');
    await place.watch.wait('told');
  });

  test('signals to the group of the child spare the wrapper, which ignores the usual ones anyway', async () => {
    await using place = createPlace();
    const { wrapperPid } = await runStep(place, 'group', ['sleep', '60']);
    await place.watch.waitStarted('group');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGTSTP'] as const) process.kill(-wrapperPid, signal);
    const { childPid } = (await place.files.readPids('group')) ?? { childPid: 0 };
    expect(await isAlive(childPid)).toBe(true);
    await until('exec', () => readFileSync(`/proc/${childPid}/cmdline`, 'utf8').startsWith('sleep'));
    process.kill(-childPid, 'SIGINT');
    expect(await endOf(place, 'group')).toEqual({ kind: 'signal', signal: 'SIGINT' });
  });

  test('a background grandchild that holds the log does not delay the exit', async () => {
    await using place = createPlace();
    const step = await runStep(place, 'bg', ['sh', '-c', 'sleep 20 & echo $!; exit 3']);
    expect(await endOf(place, 'bg')).toEqual({ kind: 'exit', code: 3 });
    await step.gone;
    const grandchild = Number(step.log().toString());
    expect(await isAlive(grandchild)).toBe(true);
    process.kill(grandchild, 'SIGKILL');
  });

  test('50 MB of bytes without a line break are kept byte for byte', async () => {
    await using place = createPlace();
    const script = `const c=require('crypto').createCipheriv('aes-128-ctr',Buffer.alloc(16),Buffer.alloc(16));
      for(let i=0;i<50;i++){const b=c.update(Buffer.alloc(1<<20));for(let k=b.indexOf(10);k!==-1;k=b.indexOf(10))b[k]=0;require('fs').writeSync(1,b)}`;
    const step = await runStep(place, 'big', [process.execPath, '-e', script]);
    expect(await endOf(place, 'big')).toEqual({ kind: 'exit', code: 0 });
    const raw = await new Promise<string>((resolve) => {
      const hash = createHash('sha256');
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.on('data', (chunk) => hash.update(chunk));
      child.stdout.on('end', () => resolve(hash.digest('hex')));
    });
    expect(step.log().length).toBe(50 << 20);
    expect(createHash('sha256').update(step.log()).digest('hex')).toBe(raw);
  });

  test('the wrapper outlives the kill -9 of its parent and still writes how the step ended', async () => {
    await using place = createPlace();
    await place.files.writeSpec('orphan', { cwd: place.dir, argv: ['sh', '-c', 'read _ <fifo; echo late; exit 9'], env: baseEnv });
    await place.tool.runTool('mkfifo', ['fifo'], { cwd: place.dir });
    const argv = place.files.wrapperArgv('orphan');
    // A node parent that starts the wrapper as the daemon does, then waits to be killed.
    const script = `const fs=require('fs');const log=fs.openSync(${JSON.stringify(place.path('orphan.log'))},'a');
      require('child_process').spawn(${JSON.stringify(argv[0])},${JSON.stringify(argv.slice(1))},{detached:true,stdio:['ignore',log,log],env:{}}).unref();setInterval(()=>{},1000)`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    await place.watch.waitStarted('orphan');
    const { wrapperPid } = (await place.files.readPids('orphan')) ?? { wrapperPid: 0 };
    expect((await lookAtAll()).get(wrapperPid)?.parent).toBe(parent.pid);
    parent.kill('SIGKILL');
    await new Promise((resolve) => parent.once('exit', resolve));
    expect(await isAlive(wrapperPid)).toBe(true);
    await place.tool.runTool('sh', ['-c', ': >fifo'], { cwd: place.dir });
    expect(await endOf(place, 'orphan')).toEqual({ kind: 'exit', code: 9 });
    expect(readFileSync(place.path('orphan.log'), 'utf8')).toBe('late\n');
  });

  test('of two wrappers with one spec one runs it, and the other says nothing', async () => {
    await using place = createPlace();
    await place.files.writeSpec('twice', { cwd: place.dir, argv: ['sh', '-c', 'echo ran >>ran; read _ <fifo; exit 7'], env: baseEnv });
    await place.tool.runTool('mkfifo', ['fifo'], { cwd: place.dir });
    const start = () => startStepProcess(testSpawner, { files: place.files, id: 'twice', logPath: place.path('twice.log') });
    const wrappers = await Promise.all([start(), start()]);
    // The one that came too late is gone while the other still runs.
    await Promise.race(wrappers.map(({ gone }) => gone));
    expect(await place.files.readExit('twice')).toBeUndefined();
    await place.tool.runTool('sh', ['-c', ': >fifo'], { cwd: place.dir });
    await Promise.all(wrappers.map(({ gone }) => gone));
    expect(await place.files.readExit('twice')).toEqual({ kind: 'exit', code: 7 });
    expect(readFileSync(place.path('ran'), 'utf8')).toBe('ran\n');
  });

  test('without perl the start fails by name', async () => {
    await using place = createPlace();
    const files = createStepFiles({ dir: place.path('steps'), scriptsDir, perlPath: place.path('no-perl') });
    await expect(startStepProcess(testSpawner, { files, id: 'x', logPath: place.path('x.log') })).rejects.toMatchObject({
      kind: 'TOOL_MISSING',
    });
  });

  test('the exit is known soon after death', async () => {
    await using place = createPlace();
    const measured: number[] = [];
    for (let i = 0; i < 60; i++) {
      await runStep(place, `quick${i}`, ['sh', '-c', 'date +%s%N >&2']);
      await place.watch.wait(`quick${i}`);
      const seenAt = performance.timeOrigin + performance.now();
      measured.push(seenAt - Number(readFileSync(place.path(`quick${i}.log`), 'utf8')) / 1e6);
    }
    measured.sort((a, b) => a - b);
    process.stderr.write(`death to exit known: p50 ${measured[30]?.toFixed(2)} ms, max ${measured.at(-1)?.toFixed(2)} ms\n`);
    expect(measured[30]).toBeLessThan(100);
  });
});

describe('a spec', () => {
  test('what cannot be passed on is refused', async () => {
    await using place = createPlace();
    const write = (argv: string[], env: Record<string, string>) => place.files.writeSpec('bad', { cwd: '/', argv, env });
    await expect(write([], {})).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
    await expect(write(['a\0b'], {})).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
    await expect(write(['a'], { 'x=y': '1' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
    expect(() => place.files.wrapperArgv('../x')).toThrow('step id');
  });
});
