import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../../../schemas/index.ts';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon, ids } from '../helpers/fake-daemon.ts';
import { inProcess, startInProcess } from '../helpers/in-process.ts';
import { record, session } from '../helpers/records.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

const version = (JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as { version: string }).version;

describe('the command line', () => {
  const env = { HOME: '/nonexistent', COPPICE_NO_AUTOSTART: '1' };

  test('--version prints the version of the package', async () => {
    expect(await cli.run(['--version'], { env })).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--help lists every command', async () => {
    const { code, stdout } = await cli.run(['--help'], { env });
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1]);
    expect(listed).toEqual([
      ...['init', 'run', 'start', 'ps', 'top', 'show', 'logs', 'attach', 'send', 'cancel', 'rm', 'retry', 'data', 'commands', 'plan'],
      ...['task', 'work', 'message', 'state', 'attention', 'permission', 'worktree', 'terminal', 'group', 'gate', 'schedule'],
      ...[
        'artifacts',
        'artifact',
        'leases',
        'import',
        'events',
        'project',
        'token',
        'agents',
        'models',
        'auth',
        'policy',
        'config',
        'daemon',
        'doctor',
        'metrics',
        'call',
        'acp',
        'stdio',
        'completion',
        'help',
      ],
    ]);
  });

  test.each([
    { words: ['pss'], says: "unknown command 'pss' (Did you mean ps?)" },
    { words: ['worktree', 'lst'], says: "unknown command 'lst' (Did you mean list?)" },
    { words: ['ps', '--jsno'], says: "unknown option '--jsno' (Did you mean --json?)" },
    { words: ['show'], says: "missing required argument 'session'" },
    { words: ['run', 'build', 'word'], says: '"word" is not an argument; write arguments as key=value' },
    { words: ['ps', '--limit', 'many'], says: '--limit takes a whole number from 1 on, not "many".' },
    { words: ['call', 'session.list', '{'], says: 'The parameters are not JSON' },
    { words: ['call', 'session.list', '[]'], says: 'Parameters are named' },
    { words: ['call', 'session.list', '@/nonexistent.json'], says: 'The file "/nonexistent.json" cannot be read' },
    { words: ['completion', 'tcsh'], says: "'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish." },
  ])('$words is answered with what is wrong, in one line, and 2', async ({ words, says }) => {
    const { code, stdout, stderr } = await cli.run(words, { env });
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^coppice: .*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('without a command it shows the help and fails', async () => {
    const { code, stderr } = await cli.run([], { env });
    expect(stderr).toContain('Usage: coppice');
    expect(code).toBe(2);
  });
});

describe('without a daemon', () => {
  test.each([['ps'], ['show', 'x'], ['run', 'build'], ['daemon', 'status']])('%s %s exits with 3 and one sentence', async (...words) => {
    await using daemon = new FakeDaemon();
    const { code, stdout, stderr } = await cli.run(words, { env: daemon.env });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^coppice: No daemon answers on "[^"]+"[^\n]*\.\n$/);
    expect(stdout).toBe('');
  });

  test('daemon stop has nothing to do', async () => {
    await using daemon = new FakeDaemon();
    expect(await cli.run(['daemon', 'stop'], { env: daemon.env })).toMatchObject({ code: 0, stdout: 'No daemon was running.\n' });
  });

  test('doctor still tells what is missing', async () => {
    await using daemon = new FakeDaemon();
    const bin = join(daemon.home, 'bin');
    mkdirSync(bin);
    const { code, stdout, stderr } = await cli.run(['doctor', '--json'], { env: { ...daemon.env, PATH: bin } });
    const document = JSON.parse(stdout) as { ok: boolean; running: boolean; findings: { check: string; ok: boolean }[] };
    expect(document).toMatchObject({ ok: false, running: false });
    expect(Object.fromEntries(document.findings.map(({ check, ok }) => [check, ok]))).toMatchObject({
      node: true,
      git: false,
      tmux: false,
      perl: false,
    });
    expect(stderr).toBe('');
    expect(code).toBe(1);
    const told = await cli.run(['doctor'], { env: { ...daemon.env, PATH: bin } });
    expect(told.stderr).toBe('coppice: No daemon is running; what only it can check is left out.\n');
    expect(told.stdout).toContain('missing git: not on PATH (install git');
  });

  test('an endpoint.json that others may write is refused', async () => {
    await using daemon = new FakeDaemon();
    mkdirSync(join(daemon.home, 'state'));
    writeFileSync(join(daemon.home, 'state', 'endpoint.json'), '{}', { mode: 0o666 });
    execFileSync('chmod', ['666', join(daemon.home, 'state', 'endpoint.json')]);
    const { code, stderr } = await cli.run(['ps'], { env: daemon.env });
    expect(stderr).toMatch(/^coppice: The file "[^"]+endpoint.json" has mode 0666, but only its owner may read or write it; [^\n]*\n$/);
    expect(code).toBe(3);
  });
});

describe('answers', () => {
  test('ps --json is one document of the sessions', async () => {
    await using daemon = await FakeDaemon.started({ 'session.list': () => ({ sessions: [session()] }) });
    const { code, stdout, stderr } = await inProcess(daemon, ['ps', '--json', '--active']);
    expect(JSON.parse(stdout)).toEqual({ sessions: [session()] });
    expect(stdout.trimEnd()).not.toContain('\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(daemon.calls.at(-1)).toEqual({ method: 'session.list', params: { limit: 50, status: ['active'] } });
  });

  test('ps follows pages up to its limit', async () => {
    await using daemon = await FakeDaemon.started({
      'session.list': ({ cursor, limit }) => ({
        sessions: Array.from({ length: Math.min(limit, 30) }, () => session()),
        ...(cursor === 'p2' ? {} : { nextCursor: cursor === undefined ? 'p1' : 'p2' }),
      }),
    });
    const { stdout } = await inProcess(daemon, ['ps', '-n', '70']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(70);
  });

  test('where no terminal is, lines are tab-separated and without colour', async () => {
    await using daemon = await FakeDaemon.started({ 'session.list': () => ({ sessions: [session({ branch: 'feat' })] }) });
    const { stdout } = await inProcess(daemon, ['ps'], { env: { TERM: 'xterm-256color' } });
    expect(stdout).not.toContain('\u001b');
    expect(stdout.replace('\n', '').split('\t')).toEqual([
      ...['build-fox', 'build', 'running', expect.any(String), session().createdAt, 'feat', ids.session, ''],
    ]);
  });

  test('call prints the result of any method, with parameters from a word, a file or stdin', async () => {
    await using daemon = await FakeDaemon.started({ 'session.get': () => record() });
    const file = join(daemon.home, 'params.json');
    writeFileSync(file, '{"id":"from-file"}');
    for (const [word, id] of [
      ['{"id":"word"}', 'word'],
      [`@${file}`, 'from-file'],
      ['-', 'stdin'],
    ]) {
      const { code, stdout } = await cli.run(['call', 'session.get', word ?? ''], { env: daemon.env, input: '{"id":"stdin"}' });
      expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 0, document: record() });
      expect(daemon.calls.at(-1)?.params).toEqual({ id });
    }
  });

  test('a method that does not exist is 2 and names a near one', async () => {
    await using daemon = await FakeDaemon.started();
    const { code, stderr } = await inProcess(daemon, ['call', 'session.lst']);
    expect(stderr).toContain('session.list');
    expect(code).toBe(2);
  });

  test.each([
    { kind: 'NOT_FOUND', code: 4 },
    { kind: 'WORK_AT_RISK', code: 5 },
    { kind: 'FORBIDDEN', code: 7 },
    { kind: 'TOOL_FAILED', code: 10 },
    { kind: 'STORE_BUSY', code: 11 },
  ] as const)('$kind exits with $code and its sentence', async ({ kind, code }) => {
    await using daemon = await FakeDaemon.started({
      'session.remove': () => {
        throw new Failure(kind, `It is ${kind}.`);
      },
    });
    const finished = await inProcess(daemon, ['rm', 'x']);
    expect(finished).toMatchObject({ code, stdout: '', stderr: `coppice: It is ${kind}.\n` });
    expect(daemon.calls.at(-1)?.params).toEqual({ id: 'x', cancel: false, keepWorktree: false, callerDirectory: daemon.home });
  });

  test('COMMAND_INVALID shows file, line and column of each place', async () => {
    await using daemon = await FakeDaemon.started({
      'command.plan': () => {
        const diagnostics = [{ level: 'error', message: 'Unknown key "stepz".', path: '/p/x.yaml', line: 3, column: 7 }];
        throw new Failure('COMMAND_INVALID', 'The command "x" is wrong.', { details: { diagnostics } });
      },
    });
    const { code, stderr } = await inProcess(daemon, ['plan', 'x']);
    expect(stderr).toBe('coppice: The command "x" is wrong.\n/p/x.yaml:3:7: Unknown key "stepz".\n');
    expect(code).toBe(6);
  });

  test('attach without a terminal says what to do instead', async () => {
    await using daemon = await FakeDaemon.started();
    const { code, stderr } = await inProcess(daemon, ['attach', 'build-fox']);
    expect(stderr).toBe(
      'coppice: Attaching to "build-fox" needs a terminal, and stdin or stdout is none; use "coppice terminal capture".\n',
    );
    expect(code).toBe(5);
  });

  test('a reader that goes away ends it quietly', async () => {
    await using daemon = await FakeDaemon.started();
    const running = cli.start(['events', '-f', '--json', '--after', 'e1:0'], { env: daemon.env });
    daemon.emit('session.dataSet', { key: 'n', value: 1 });
    await running.printed('"seq":1');
    running.child.stdout.destroy();
    await daemon.until(() => daemon.subscriptions().length === 1);
    const pushed = setInterval(() => daemon.emit('session.dataSet', { key: 'n', value: 2 }), 5);
    const { code, stderr } = await running.done;
    clearInterval(pushed);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('events -f --json prints one event a line with its cursor, through a restart', async () => {
    await using daemon = await FakeDaemon.started();
    const running = startInProcess(daemon, ['events', '-f', '--json', '--type', 'session.*', '-n', '2', '--after', 'e1:0']);
    daemon.emit('session.dataSet', { key: 'n', value: 1 });
    daemon.emit('step.started', {});
    await running.printed('"seq":1');
    await daemon.stop();
    daemon.emit('session.dataSet', { key: 'n', value: 3 });
    await daemon.start();
    const { code, stdout } = await running.done;
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { seq: 1, type: 'session.dataSet', cursor: 'e1:1' },
      { seq: 3, type: 'session.dataSet', cursor: 'e1:3' },
    ]);
    expect(code).toBe(0);
  });

  test('events without -f pages through the log', async () => {
    await using daemon = await FakeDaemon.started({
      'event.list': ({ after = 'e1:0', limit }) => {
        const from = Number(after.split(':')[1]);
        const events = daemon.log.slice(from, from + Math.min(limit, 2));
        const end = from + events.length;
        return { events, cursor: `e1:${end}`, fresh: false, more: end < daemon.log.length };
      },
    });
    for (let index = 0; index < 5; index += 1) daemon.emit('session.dataSet', { key: 'n', value: index });
    const { stdout } = await inProcess(daemon, ['events', '--json', '--after', 'e1:1']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { cursor: string }).cursor),
    ).toEqual(['e1:2', 'e1:3', 'e1:4', 'e1:5']);
  });
});
