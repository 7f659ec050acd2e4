import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../schemas/index.ts';
import { cases } from '../helpers/command-cases.ts';
import { FakeDaemon, type Script } from '../helpers/fake-daemon.ts';
import { inProcess } from '../helpers/in-process.ts';
import { moreCases } from '../helpers/more-command-cases.ts';
import { policyCases } from '../helpers/policy-cases.ts';
import { script, worktree } from '../helpers/scripted-answers.ts';

describe.each([...cases, ...moreCases, ...policyCases])('$words', ({ words, calls, params, prints, warns = '', json }) => {
  test('calls the daemon and tells people', async () => {
    await using daemon = await FakeDaemon.started(script);
    const { code, stdout, stderr } = await inProcess(daemon, words, { input: 'from stdin' });
    expect(stdout).toContain(prints);
    expect({ code, stderr }).toEqual({ code: 0, stderr: warns });
    expect(daemon.calls.at(-1)?.method).toBe(calls);
    if (params !== undefined) expect(daemon.calls.at(-1)?.params).toMatchObject(params);
  });

  test('with --json prints one document', async () => {
    await using daemon = await FakeDaemon.started(script);
    const { code, stdout } = await inProcess(daemon, [...words, '--json'], { input: 'from stdin' });
    expect(stdout.endsWith('\n') && stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject(json);
    expect(code).toBe(0);
  });

  test('on a terminal comes without an error', async () => {
    await using daemon = await FakeDaemon.started(script);
    expect((await inProcess(daemon, words, { columns: 100, input: 'from stdin' })).code).toBe(0);
  });
});

describe('paths', () => {
  test('go out absolute', async () => {
    await using daemon = await FakeDaemon.started(script);
    await inProcess(daemon, ['worktree', 'rm', '../feat'], { cwd: '/src/shop' });
    expect(daemon.calls.at(-1)?.params).toEqual({ worktree: '/src/feat', force: false, callerDirectory: '/src/shop' });
    await inProcess(daemon, ['project', 'rm', '.'], { cwd: '/src/shop' });
    expect(daemon.calls.at(-1)?.params).toEqual({ project: '/src/shop' });
    await inProcess(daemon, ['project', 'add', 'sub']);
    expect(daemon.calls.at(-1)?.params).toEqual({ path: join(daemon.home, 'sub') });
    await inProcess(daemon, ['daemon', 'db', 'backup', 'mine.db']);
    expect(daemon.calls.at(-1)?.params).toEqual({ path: join(daemon.home, 'mine.db') });
  });

  test('a branch that several projects have is that of the working directory', async () => {
    const get: Script['worktree.get'] = ({ project: named }) => {
      if (named === undefined) throw new Failure('CONFLICT', 'Two projects have a worktree "feat".');
      return worktree;
    };
    await using daemon = await FakeDaemon.started({ 'worktree.get': get });
    expect((await inProcess(daemon, ['worktree', 'get', 'feat'])).code).toBe(0);
    expect(daemon.calls.at(-1)?.params).toEqual({ worktree: 'feat', project: daemon.home });
  });

  test('outside of any project the ambiguity is what is told', async () => {
    const get: Script['worktree.get'] = ({ project: named }) => {
      throw named === undefined ? new Failure('CONFLICT', 'Two projects have it.') : new Failure('NOT_FOUND', 'No project is here.');
    };
    await using daemon = await FakeDaemon.started({ 'worktree.get': get });
    expect(await inProcess(daemon, ['worktree', 'get', 'feat'])).toMatchObject({ code: 5, stderr: 'coppice: Two projects have it.\n' });
  });
});

describe('artifacts', () => {
  test('prints one byte for byte, read in ranges', async () => {
    await using daemon = await FakeDaemon.started(script);
    expect(await inProcess(daemon, ['artifacts', 'x', 'specs/a.md'])).toEqual({ code: 0, stdout: 'hello world', stderr: '' });
    expect(await inProcess(daemon, ['artifacts', 'x', 'specs/b.md'])).toMatchObject({
      code: 2,
      stderr: 'coppice: The session has no artifact "specs/b.md"; without a path they are listed.\n',
    });
  });
});

describe('doctor', () => {
  test('joins what the daemon found with what it sees itself', async () => {
    await using daemon = await FakeDaemon.started(script);
    const { code, stdout } = await inProcess(daemon, ['doctor', '--json']);
    const { ok, running, findings } = JSON.parse(stdout) as { ok: boolean; running: boolean; findings: { check: string }[] };
    expect({ code, ok, running }).toEqual({ code: 1, ok: false, running: true });
    expect(findings.map(({ check }) => check).sort()).toEqual(['bash', 'disk', 'git', 'node', 'perl', 'socket directory', 'tmux']);
  });
});

describe('daemon db', () => {
  test('check tells each problem on a line and exits with 1', async () => {
    const problems = [
      { kind: 'integrity' as const, message: 'Page 3:\nnever used' },
      { kind: 'reference' as const, message: 'row 7 is alone' },
    ];
    await using daemon = await FakeDaemon.started({ 'daemon.dbCheck': () => ({ ok: false, problems, tookMs: 7 }) });
    const stdout = 'integrity Page 3: never used\nreference row 7 is alone\n';
    expect(await inProcess(daemon, ['daemon', 'db', 'check'])).toEqual({ code: 1, stdout, stderr: '' });
    expect((await inProcess(daemon, ['daemon', 'db', 'check', '--json'])).code).toBe(1);
  });

  test('status tells that there is no backup', async () => {
    const answer = { path: '/d', version: 3, sizeBytes: 0, freeBytes: 0, walBytes: 0, rows: { sessions: 0, events: 0 }, backups: [] };
    await using daemon = await FakeDaemon.started({ 'daemon.dbStatus': () => ({ ...answer, keptHouseAt: new Date().toISOString() }) });
    const { code, stdout } = await inProcess(daemon, ['daemon', 'db', 'status']);
    expect({ code, end: stdout.split('\n').slice(-3) }).toEqual({ code: 0, end: ['upkeep     done 0s ago', 'backups    none', ''] });
  });
});

test('attach --json tells the argv instead of running it', async () => {
  await using daemon = await FakeDaemon.started(script);
  expect(await inProcess(daemon, ['attach', 'x', '--json'])).toMatchObject({ code: 0, stdout: '{"argv":["tmux","attach"]}\n' });
});

test('a time that is none is refused', async () => {
  await using daemon = await FakeDaemon.started(script);
  expect(await inProcess(daemon, ['token', 'create', 'x', '-s', 'read', '-e', 'soon'])).toMatchObject({ code: 2 });
  const before = Date.now();
  await inProcess(daemon, ['token', 'create', 'x', '-s', 'read', '-e', '30d']);
  const { expiresAt } = daemon.calls.at(-1)!.params as { expiresAt: string };
  expect(Math.round((Date.parse(expiresAt) - before) / 86_400_000)).toBe(30);
});
