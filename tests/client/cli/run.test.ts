import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon, ids, type Script } from '../helpers/fake-daemon.ts';
import { inProcess, startInProcess } from '../helpers/in-process.ts';
import { finished, record, session, started } from '../helpers/records.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

type End = { status: 'succeeded' | 'failed' | 'cancelled' | 'lost'; reason?: string; error?: string };

/** A daemon on which every session goes through one step and then ends so. */
function endingAs(end: End, whenStarted?: (daemon: FakeDaemon) => void): { script: Script; attach(daemon: FakeDaemon): void } {
  let owner: FakeDaemon | undefined;
  const script: Script = {
    'session.start': () => {
      if (whenStarted === undefined) play(owner, end);
      else whenStarted(owner as FakeDaemon);
      return session({ status: 'queued' });
    },
    'session.get': () => record(end),
  };
  return {
    script,
    attach: (daemon) => {
      owner = daemon;
      daemon.script = script;
    },
  };
}

function play(daemon: FakeDaemon | undefined, end: End): void {
  daemon?.emit('session.started', { slug: 'build-fox', commandName: 'build', status: 'running' });
  daemon?.emit('step.started', started(1));
  daemon?.emit(
    'step.finished',
    finished(1, end.status === 'succeeded' ? 'succeeded' : 'failed', end.status === 'failed' ? { exitCode: 7 } : {}),
  );
  daemon?.emit('session.finished', { slug: 'build-fox', ...end });
}

describe('run', () => {
  test.each([
    { end: { status: 'succeeded' }, code: 0, stderr: '' },
    {
      end: { status: 'failed', reason: 'exit', error: 'Step "step 1" exited with 7.' },
      code: 1,
      stderr: 'coppice: build-fox failed (exit): Step "step 1" exited with 7.\n',
    },
    { end: { status: 'lost', reason: 'daemon died' }, code: 1, stderr: 'coppice: build-fox lost (daemon died)\n' },
    { end: { status: 'failed', reason: 'timeout' }, code: 124, stderr: 'coppice: build-fox failed (timeout)\n' },
    { end: { status: 'cancelled', reason: 'cancelled' }, code: 130, stderr: 'coppice: build-fox cancelled\n' },
  ] as { end: End; code: number; stderr: string }[])('exits with $code for $end.status ($end.reason)', async ({ end, code, stderr }) => {
    await using daemon = await FakeDaemon.started();
    endingAs(end).attach(daemon);
    const result = await inProcess(daemon, ['run', 'build', 'message=a=b']);
    expect(result).toMatchObject({ code, stderr });
    expect(result.stdout).toContain('1 step 1 started\n');
    expect(daemon.calls.find((call) => call.method === 'session.start')?.params).toMatchObject({
      project: ids.project,
      command: 'build',
      arguments: { message: 'a=b' },
      environment: { PATH: daemon.env.PATH },
    });
  });

  test('registers the repository of the working directory, and sends no variable of ours', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'succeeded' }).attach(daemon);
    await inProcess(daemon, ['run', 'build'], { env: { COPPICE_TOKEN: 'secret', MINE: 'yes' } });
    expect(daemon.calls.find((call) => call.method === 'project.add')?.params).toEqual({ path: daemon.home });
    const start = daemon.calls.find((call) => call.method === 'session.start');
    const environment = (start?.params as { environment: Record<string, string> } | undefined)?.environment ?? {};
    expect(environment.MINE).toBe('yes');
    expect(Object.keys(environment).filter((name) => name.startsWith('COPPICE_'))).toEqual([]);
  });

  test('--json prints the final record once and nothing else', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'succeeded' }).attach(daemon);
    const { code, stdout, stderr } = await inProcess(daemon, ['run', 'build', '--json']);
    expect(JSON.parse(stdout)).toEqual(record({ status: 'succeeded' }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--detach prints the id and does not wait', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'succeeded' }, () => undefined).attach(daemon);
    expect(await inProcess(daemon, ['run', 'build', '--detach'])).toMatchObject({
      code: 0,
      stdout: `${ids.session}\n`,
      stderr: '',
    });
  });

  test('sees the end although the daemon restarts meanwhile', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'failed', reason: 'timeout' }, (owner) => owner.emit('step.started', started(1))).attach(daemon);
    const running = startInProcess(daemon, ['run', 'build']);
    await running.printed('step 1 started');
    await daemon.stop();
    daemon.emit('session.finished', { slug: 'build-fox', status: 'failed', reason: 'timeout' });
    await daemon.start();
    const { code, stderr } = await running.done;
    expect(stderr).toContain('timeout');
    expect(code).toBe(124);
  });

  test('sees the end although its events were lost with the database', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'lost' }, (owner) => owner.emit('step.started', started(1))).attach(daemon);
    const running = startInProcess(daemon, ['run', 'build']);
    await running.printed('step 1 started');
    await daemon.stop();
    daemon.epoch = 'e2';
    daemon.log.length = 0;
    await daemon.start();
    expect((await running.done).code).toBe(1);
  });

  test('cancels the session on the first Ctrl-C and waits for its end', async () => {
    await using daemon = await FakeDaemon.started();
    const { script, attach } = endingAs({ status: 'cancelled' }, (owner) => owner.emit('step.started', started(1)));
    attach(daemon);
    daemon.script = {
      ...script,
      'session.cancel': () => {
        daemon.emit('session.finished', { slug: 'build-fox', status: 'cancelled', reason: 'cancelled' });
        return session();
      },
    };
    const running = cli.start(['run', 'build'], { env: daemon.env });
    await running.printed('step 1 started');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.done;
    expect(stderr).toContain('Cancelling build-fox; press Ctrl-C again');
    expect(code).toBe(130);
  });

  test('leaves the session to the daemon on the second Ctrl-C', async () => {
    await using daemon = await FakeDaemon.started();
    const { script, attach } = endingAs({ status: 'cancelled' }, (owner) => owner.emit('step.started', started(1)));
    attach(daemon);
    daemon.script = { ...script, 'session.cancel': () => session() };
    const running = cli.start(['run', 'build'], { env: daemon.env });
    await running.printed('step 1 started');
    running.child.kill('SIGINT');
    await running.printed('Cancelling', 'stderr');
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
  });
});

describe('start', () => {
  test('runs the built-in command and prints the id where no terminal is', async () => {
    await using daemon = await FakeDaemon.started();
    endingAs({ status: 'succeeded' }).attach(daemon);
    const { code, stdout } = await inProcess(daemon, ['start', 'feat/x', '--base', 'v1']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${ids.session}\n` });
    expect(daemon.calls.find((call) => call.method === 'session.start')?.params).toMatchObject({
      command: 'start',
      arguments: { name: 'feat/x', base_branch: 'v1' },
    });
  });
});
