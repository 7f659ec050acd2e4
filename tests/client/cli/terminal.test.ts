import { execFile, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../../../schemas/index.ts';
import { Cli } from '../helpers/cli.ts';
import { FakeDaemon, type Script } from '../helpers/fake-daemon.ts';
import { finished, record, session, started } from '../helpers/records.ts';

/** util-linux's script gives a command a terminal. */
const hasScript = spawnSync('script', ['--version']).error === undefined;

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.bundled();
});
afterAll(() => cli[Symbol.dispose]());

function onTerminal(words: readonly string[], env: Record<string, string>): Promise<{ code: number; screen: string }> {
  const line = [process.execPath, cli.entry, ...words].map((word) => `'${word}'`).join(' ');
  return new Promise((resolve) => {
    const child = execFile('script', ['-qec', line, '/dev/null'], { env: { TERM: 'xterm-256color', ...env } }, (error, screen) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, screen }),
    );
    child.stdin?.end();
  });
}

describe.skipIf(!hasScript)('on a terminal', () => {
  const script: Script = { 'session.list': () => ({ sessions: [session({ status: 'succeeded' })] }) };

  test('lists are tables with a heading and colours', async () => {
    await using daemon = await FakeDaemon.started(script);
    const { code, screen } = await onTerminal(['ps'], daemon.env);
    expect(screen).toMatch(/SESSION +COMMAND +STATUS/);
    expect(screen).toContain('\u001b[32msucceeded');
    expect(code).toBe(0);
  });

  test.each([
    { how: 'NO_COLOR', words: [], env: { NO_COLOR: '1' } },
    { how: '--no-color', words: ['--no-color'], env: {} },
  ])('$how takes the colours away', async ({ words, env }) => {
    await using daemon = await FakeDaemon.started(script);
    const { screen } = await onTerminal(['ps', ...words], { ...daemon.env, ...env } as Record<string, string>);
    expect(screen).toContain('SESSION');
    expect(screen).not.toContain('\u001b[3');
  });

  test('--json stays one plain document', async () => {
    await using daemon = await FakeDaemon.started(script);
    const { screen } = await onTerminal(['ps', '--json'], daemon.env);
    expect(JSON.parse(screen)).toEqual({ sessions: [session({ status: 'succeeded' })] });
  });

  test('run draws one line a step and leaves it with its end', async () => {
    await using daemon = await FakeDaemon.started();
    daemon.script = {
      'session.start': () => {
        daemon.emit('step.started', started(1));
        daemon.emit('step.finished', finished(1, 'failed', { exitCode: 7 }));
        daemon.emit('session.finished', { slug: 'build-fox', status: 'failed', reason: 'exit' });
        return session();
      },
      'session.get': () => record({ status: 'failed', reason: 'exit' }),
    };
    const { code, screen } = await onTerminal(['run', 'build'], { ...daemon.env, NO_COLOR: '1' });
    const lines = screen.split('\r\n').map((line) => line.slice(line.lastIndexOf('\u001b[K') + 1));
    expect(screen).toContain('● 1 step 1 running');
    expect(lines.find((line) => line.includes('✗'))).toMatch(/✗ 1 step 1 failed \(exit 7\) \d/);
    expect(code).toBe(1);
  });

  test('attach hands the terminal to the program that the daemon names, and takes its exit status', async () => {
    await using daemon = await FakeDaemon.started({
      'session.attach': ({ insideTmux }) => ({ argv: ['sh', '-c', `test -t 0 && test -t 1 && echo inside=${insideTmux}; exit 3`] }),
    });
    const { code, screen } = await onTerminal(['attach', 'build-fox'], { ...daemon.env, TMUX: '/tmp/x' });
    expect({ code, screen }).toEqual({ code: 3, screen: 'inside=/tmp/x\r\n' });
  });

  test('attach falls back to a terminal of that name, and tells the first reason when there is none', async () => {
    const missing = () => {
      throw new Failure('NOT_FOUND', 'No session is named "x".');
    };
    await using daemon = await FakeDaemon.started({ 'session.attach': missing, 'terminal.attach': () => ({ argv: ['true'] }) });
    expect((await onTerminal(['attach', 'x'], daemon.env)).code).toBe(0);
    daemon.script = { 'session.attach': missing, 'terminal.attach': missing };
    const { code, screen } = await onTerminal(['attach', 'x'], daemon.env);
    expect({ code, screen }).toEqual({ code: 4, screen: 'coppice: No session is named "x".\r\n' });
  });
});
