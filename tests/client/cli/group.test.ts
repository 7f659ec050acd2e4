// `group` and `gate` wait for a group as `run` waits for a session.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Group } from '../../../schemas/index.ts';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon, ids, type Script } from '../helpers/fake-daemon.ts';
import { inProcess, startInProcess } from '../helpers/in-process.ts';
import { group, record } from '../helpers/records.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

const other = 'grp_00000000000000000000000002';
const subject = { projectId: ids.project };
const member = { groupId: ids.group, member: 1, attempt: 1, slug: 'build-fox' };

/** What happens to the group once it is started: events of others are in between. */
function play(daemon: FakeDaemon, end: Partial<Group>): void {
  daemon.emit('group.memberFinished', { ...member, groupId: other, slug: 'stranger', status: 'failed' }, subject);
  daemon.emit('group.finished', { groupId: other, status: 'failed', succeeded: 0, required: 1, members: 1 }, subject);
  daemon.emit('group.memberFinished', { ...member, status: 'failed', reason: 'exit' }, subject);
  daemon.emit('group.retried', { groupId: ids.group, members: [{ member: 1, attempt: 2, sessionId: ids.session }] }, subject);
  daemon.emit('group.memberFinished', { ...member, member: 2, slug: 'build-owl', agent: 'claude', status: 'succeeded' }, subject);
  daemon.emit('group.finished', { groupId: ids.group, status: end.status, succeeded: 1, required: 1, members: 2 }, subject);
}

function scripted(daemon: FakeDaemon, end: Partial<Group>, whenStarted: () => void = () => play(daemon, end)): Script {
  const started = (): Group => {
    whenStarted();
    return group();
  };
  return {
    'group.start': started,
    'gate.run': started,
    'group.retry': started,
    'group.get': () => group({ endedAt: group().createdAt, ...end }),
  };
}

describe('group start', () => {
  test.each([
    { end: { status: 'succeeded', succeeded: 2 }, code: 0, said: '' },
    {
      end: { status: 'degraded', succeeded: 1 },
      code: 0,
      said: 'degraded: 1 of 2 succeeded, 1 required; it is accepted, look at the others.\n',
    },
    { end: { status: 'failed', reason: 'not_enough' }, code: 1, said: 'failed (not_enough): 0 of 2 succeeded, 1 required.\n' },
    { end: { status: 'failed', reason: 'timeout' }, code: 124, said: 'failed (timeout): 0 of 2 succeeded, 1 required.\n' },
    { end: { status: 'cancelled', reason: 'interrupted' }, code: 130, said: 'cancelled (interrupted): 0 of 2 succeeded, 1 required.\n' },
  ] as { end: Partial<Group>; code: number; said: string }[])(
    'exits with $code for $end.status ($end.reason) and says so',
    async ({ end, code, said }) => {
      await using daemon = await FakeDaemon.started();
      daemon.script = scripted(daemon, end);
      const result = await inProcess(daemon, ['group', 'start', 'build', '+', 'build']);
      expect(result.code).toBe(code);
      expect(result.stderr).toBe(said === '' ? '' : `coppice: ${ids.group} ${said}`);
      expect(result.stdout).toContain('build-fox failed (exit)\n1 member is tried again\nclaude build-owl succeeded\n');
      expect(result.stdout).not.toContain('stranger');
    },
  );

  test('--json prints the final record once and nothing else', async () => {
    await using daemon = await FakeDaemon.started();
    daemon.script = scripted(daemon, { status: 'succeeded' });
    const { code, stdout } = await inProcess(daemon, ['group', 'start', 'build', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: ids.group, status: 'succeeded' });
  });

  test('sees the end although its events were lost with the database', async () => {
    await using daemon = await FakeDaemon.started();
    daemon.script = scripted(daemon, { status: 'failed' }, () => undefined);
    const running = startInProcess(daemon, ['group', 'retry', ids.group]);
    await running.printed('started');
    await daemon.until(() => daemon.subscriptions().length > 0);
    await daemon.stop();
    daemon.epoch = 'e2';
    daemon.log.length = 0;
    await daemon.start();
    expect((await running.done).code).toBe(1);
  });

  test('cancels the group on the first Ctrl-C and waits for its end', async () => {
    await using daemon = await FakeDaemon.started();
    const end = { status: 'cancelled', reason: 'interrupted' } as const;
    daemon.script = {
      ...scripted(daemon, end, () => undefined),
      'group.cancel': () => {
        play(daemon, end);
        return group({ reason: 'interrupted' });
      },
    };
    const running = cli.start(['group', 'start', 'build'], { env: daemon.env });
    await running.printed('started');
    await daemon.until(() => daemon.subscriptions().length > 0);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.done;
    expect(stderr).toContain(`Cancelling ${ids.group}; press Ctrl-C again`);
    expect(code).toBe(130);
  });

  test.each([
    [['group', 'start', 'a=b'], 'begins with the name of its command'],
    [['group', 'start', 'build', '+'], 'begins with the name of its command'],
    [['group', 'start', 'build', 'what'], 'is not an argument'],
    [['group', 'start', 'build', '--first', '-q', '1'], 'Either --first or --quorum'],
    [['group', 'start', 'build', '-t', 'soon'], 'takes seconds'],
    [['group', 'start', 'build', '-q', '0'], 'whole number from 1'],
    [['gate', 'run', 'audit'], '--prompt'],
    [['gate', 'run', 'audit', '--prompt', '/nowhere/prompt.md'], 'cannot be read'],
  ])('%j is a wrong command line', async (words, said) => {
    await using daemon = await FakeDaemon.started();
    const { code, stderr } = await inProcess(daemon, words);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
    expect(daemon.calls.filter(({ method }) => method !== 'daemon.hello')).toEqual([]);
  });
});

test('gate run tells where the answers are', async () => {
  await using daemon = await FakeDaemon.started();
  const asked = { agent: 'claude', status: 'succeeded' } as const;
  daemon.script = {
    ...scripted(daemon, { status: 'succeeded', succeeded: 2, members: group().members.map((each) => ({ ...each, ...asked })) }),
    'session.get': () => record(),
    'artifact.list': () => ({
      artifacts: [
        {
          id: 'art_00000000000000000000000001',
          sessionId: ids.session,
          kind: 'output',
          path: 'outputs/001-claude.md',
          sizeBytes: 1,
          sha256: 'b'.repeat(64),
          mime: 'text/markdown',
          createdAt: group().createdAt,
        },
      ],
    }),
  };
  const { code, stdout } = await inProcess(daemon, ['gate', 'run', 'audit', '--prompt', '-'], { input: 'Is it right?' });
  expect(code).toBe(0);
  expect(stdout).toContain('claude\t/a/outputs/001-claude.md\n');
});
