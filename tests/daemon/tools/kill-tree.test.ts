import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../daemon/kernel/clock.ts';
import { killTree } from '../../../daemon/tools/kill-tree.ts';
import { descendantsOf, findMarked, isAlive, processesInside, startTimeOf } from '../../../daemon/tools/proc.ts';
import { startStepProcess } from '../../../daemon/tools/step-process.ts';
import { testSpawner } from '../../helpers/process-tool.ts';
import { baseEnv, createPlace, createTmuxPlace, type Place, tmuxMissing, until } from './tools-fixture.ts';

let sessions = 0;

/** A running shell script with the marks of a session of its own. */
async function startMarked(place: Place, script: string) {
  const sessionId = `kill-${process.pid}-${++sessions}`;
  const marker = { sessionId, stepIndex: 2 };
  const env = { ...baseEnv, COPPICE_SESSION_ID: sessionId, COPPICE_STEP_INDEX: '2' };
  await place.files.writeSpec(sessionId, { cwd: place.dir, argv: ['sh', '-c', script], env });
  const logPath = place.path(`${sessionId}.log`);
  await startStepProcess(testSpawner, { files: place.files, id: sessionId, logPath });
  await place.watch.waitStarted(sessionId);
  const pids = await place.files.readPids(sessionId);
  if (!pids) throw new Error('the step did not start');
  await until('the script to be ready', () => readFileSync(logPath, 'utf8').includes('ready'));
  const kill = (graceMs = 5_000) => killTree({ ...pids, marker, graceMs, clock: systemClock });
  return { ...pids, marker, kill, exit: () => place.watch.wait(sessionId).then(() => place.files.readExit(sessionId)) };
}

describe('killing the tree of a step', () => {
  test('a willing step ends by SIGTERM, and the wrapper tells it', async () => {
    await using place = createPlace();
    const step = await startMarked(place, 'sleep 60 & sleep 60 & echo ready; wait');
    expect(await descendantsOf(step.childPid)).toHaveLength(2);
    expect(await step.kill()).toEqual({ signal: 'SIGTERM', survivors: [] });
    expect(await step.exit()).toEqual({ kind: 'signal', signal: 'SIGTERM' });
    expect(await findMarked({ sessionId: step.marker.sessionId })).toEqual([]);
    expect(await step.kill()).toEqual({ signal: undefined, survivors: [] });
  });

  test('a step that ignores SIGTERM ends by SIGKILL after the grace', async () => {
    await using place = createPlace();
    const step = await startMarked(place, 'trap "" TERM; echo ready; sleep 60');
    expect(await step.kill(100)).toEqual({ signal: 'SIGKILL', survivors: [] });
    expect(await step.exit()).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  });

  test('what left the session and lost its parent is found by its marks', async () => {
    await using place = createPlace();
    const step = await startMarked(place, 'setsid sh -c "sleep 60 & setsid sleep 60 &" </dev/null & sleep 0.2; echo ready; exec sleep 60');
    expect(await descendantsOf(step.childPid)).toEqual([]);
    expect(await findMarked(step.marker)).toHaveLength(3);
    expect(await findMarked({ ...step.marker, stepIndex: 3 })).toEqual([]);
    expect(await step.kill()).toEqual({ signal: 'SIGTERM', survivors: [] });
    expect(await findMarked(step.marker)).toEqual([]);
  });

  test('what lost its parent and its marks is found in the session that the wrapper leads', async () => {
    await using place = createPlace();
    const pidFile = place.path('pid');
    const step = await startMarked(place, `(env -i sh -c 'echo $$ > ${pidFile}; exec sleep 60' &); echo ready; exec sleep 60`);
    await until('the orphan', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const orphan = Number(readFileSync(pidFile, 'utf8'));
    expect(await findMarked(step.marker)).toEqual([step.childPid]);
    expect(await step.kill()).toEqual({ signal: 'SIGTERM', survivors: [] });
    expect(await isAlive(orphan)).toBe(false);
    expect(await step.exit()).toEqual({ kind: 'signal', signal: 'SIGTERM' });
  });

  test('without a program what any step of the session left is ended, and what is no step stays', async () => {
    await using place = createPlace();
    const step = await startMarked(place, 'setsid sleep 60 < /dev/null & echo ready; exec sleep 60');
    const { sessionId } = step.marker;
    const shell = spawn('sleep', ['60'], { stdio: 'ignore', env: { ...baseEnv, COPPICE_SESSION_ID: sessionId } });
    await until('the shell', async () => (await findMarked({ sessionId })).length === 3);
    expect(await killTree({ marker: { sessionId, stepIndex: 'any' }, clock: systemClock })).toEqual({ signal: 'SIGTERM', survivors: [] });
    expect(await findMarked({ sessionId })).toEqual([shell.pid]);
    shell.kill('SIGKILL');
  });

  test('a step that forks while it is killed leaves nothing', async () => {
    await using place = createPlace();
    const step = await startMarked(
      place,
      `trap 'for i in 1 2 3 4 5; do setsid sleep 60 & done; exit 1' TERM; echo ready; while :; do sleep 0.01; done`,
    );
    // Between its fork and its exec a shell keeps SIGTERM for itself, and what it becomes has then to be killed.
    expect(await step.kill()).toMatchObject({ survivors: [] });
    await step.exit();
    expect(await findMarked(step.marker)).toEqual([]);
  });

  test('a stopped step is ended too', async () => {
    await using place = createPlace();
    const step = await startMarked(place, 'echo ready; exec sleep 60');
    process.kill(step.childPid, 'SIGSTOP');
    expect(await step.kill()).toEqual({ signal: 'SIGTERM', survivors: [] });
  });

  test('a pid that now belongs to a stranger is left alone', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const { pid = 0 } = stranger;
    const marker = { sessionId: 'nobody-has-this' };
    expect(await killTree({ childPid: pid, wrapperPid: 999_999_999, marker, clock: systemClock })).toEqual({
      signal: undefined,
      survivors: [],
    });
    expect(await isAlive(pid)).toBe(true);
    stranger.kill('SIGKILL');
  });

  test.skipIf(tmuxMissing())('in a terminal the wrapper and the window stay', async () => {
    await using place = createTmuxPlace();
    const marker = { sessionId: `kill-tmux-${process.pid}` };
    const request = await place.shell('t', '(trap "" HUP; setsid sleep 60) & sleep 60', { COPPICE_SESSION_ID: marker.sessionId });
    await place.tmux.newSession({ ...request, name: 't' });
    await place.watch.waitStarted('t');
    const pids = (await place.files.readPids('t')) ?? { childPid: 0, wrapperPid: 0 };
    expect((await place.tmux.listPanes('t'))[0]?.pid).toBe(pids.wrapperPid);
    expect(await killTree({ ...pids, marker, clock: systemClock })).toEqual({ signal: 'SIGTERM', survivors: [] });
    await place.watch.wait('t');
    expect(await place.files.readExit('t')).toEqual({ kind: 'signal', signal: 'SIGTERM' });
    expect(await place.tmux.listPanes('t')).toHaveLength(1);
  });
});

describe('facts from /proc', () => {
  test('a zombie is dead, and so is a pid with another start time', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const zombie = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(String(text)))));
    await until('the zombie', () => / Z /.test(readFileSync(`/proc/${zombie}/stat`, 'utf8')));
    expect(await isAlive(zombie)).toBe(false);
    const startTime = (await startTimeOf(process.pid)) ?? 0;
    expect(await isAlive(process.pid, startTime)).toBe(true);
    expect(await isAlive(process.pid, startTime + 1)).toBe(false);
    expect(await startTimeOf(999_999_999)).toBeUndefined();
    parent.kill('SIGKILL');
  });

  test('processes inside a folder are found, those beside it are not', async () => {
    await using place = createPlace();
    for (const name of ['tree', 'tree/deep', 'tree-2']) mkdirSync(place.path(name));
    const children = ['tree/deep', 'tree-2'].map((name) => spawn('sleep', ['60'], { cwd: place.path(name), stdio: 'ignore' }));
    await until('the command', async () => (await processesInside(place.path('tree')))[0]?.command === 'sleep 60');
    expect(await processesInside(place.path('tree'))).toEqual([{ pid: children[0]?.pid, command: 'sleep 60' }]);
    for (const child of children) child.kill('SIGKILL');
  });
});
