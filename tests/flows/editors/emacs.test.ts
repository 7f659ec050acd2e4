// The example for Emacs in a real Emacs, with the jsonrpc.el that comes with it, against a real daemon.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { packageRoot } from '../../helpers/package-root.ts';
import { commandFile, createSignals, shell } from '../../helpers/programs.ts';
import { createHome, type Home, startRealDaemon } from '../../helpers/real-daemon.ts';
import { createTestRepo } from '../../helpers/repo.ts';
import { toolMissing } from '../../helpers/tool-missing.ts';
import { until } from '../../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const missing = toolMissing('emacs', ['--version']);
const example = join(packageRoot, 'client', 'editors', 'emacs');
const driver = join(packageRoot, 'tests', 'helpers', 'emacs-driver.el');

interface Line {
  readonly event?: { readonly seq?: number; readonly type: string; readonly data: Record<string, unknown> };
  readonly result?: unknown;
  readonly error?: string;
}

async function startEmacs(home: Home) {
  const folder = home.path('emacs');
  mkdirSync(folder);
  const child = spawn('emacs', ['-Q', '--batch', '-L', example, '-l', driver], {
    env: home.env({ EMACS_DRIVER: folder }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  const said = join(folder, 'said');
  const lines = (): Line[] => {
    const whole = existsSync(said) ? readFileSync(said, 'utf8').split('\n').slice(0, -1) : [];
    return whole.map((line) => JSON.parse(line) as Line);
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  const results = () => lines().filter((line) => line.event === undefined);
  return {
    events: () => lines().flatMap(({ event }) => (event === undefined ? [] : [event])),
    /** Evaluates a form, and answers its value or its error. */
    async evaluate(form: string): Promise<Line> {
      const before = results().length;
      writeFileSync(join(folder, 'call.new'), form);
      renameSync(join(folder, 'call.new'), join(folder, 'call'));
      return until(`the value of ${form}; ${stderr}`, () => results()[before]);
    },
    async quit(): Promise<number | null> {
      writeFileSync(join(folder, 'quit'), '');
      return end;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

test.skipIf(missing)('Emacs calls, subscribes and gets each event once, over a kill -9 of the daemon', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { home, client } = daemon;
  const signals = createSignals(home);
  home.writeCommand('build', commandFile('build', { steps: [shell(`${signals.tell('begun')}; ${signals.waitFor('go')}`)] }));
  await using emacs = await startEmacs(home);
  expect(await emacs.evaluate('(progn (coppice-connect) t)')).toEqual({ result: true });
  await until('the snapshot', () => emacs.events().some(({ type }) => type === 'snapshot'));
  const after = (await emacs.evaluate('coppice-cursor')).result as string;

  const { id, slug } = await daemon.start(repo.path, 'build');
  await until('its start', () => emacs.events().some(({ type }) => type === 'session.started'));
  const listed = (await emacs.evaluate('(coppice-call :session.list :limit 10)')).result as { sessions: unknown[] };
  expect(listed.sessions).toMatchObject([{ id, slug }]);
  expect((await emacs.evaluate('(coppice-call :session.get :id "nobody")')).error).toContain('nobody');
  await emacs.evaluate('(progn (coppice-sessions) t)');
  const buffer = await emacs.evaluate('(with-current-buffer "*coppice*" (buffer-string))');
  expect(buffer.result).toContain(`${slug} `);

  await signals.lines('begun');
  await daemon.kill();
  signals.open('go');
  await daemon.again();
  await until('the end', () => emacs.events().some(({ type }) => type === 'session.finished'));
  // An orderly restart is no different.
  await daemon.restart();
  await until('the second daemon', () => emacs.events().filter(({ type }) => type === 'daemon.started').length === 2);
  const truth = (await daemon.events({ after })).map(({ seq, type }) => ({ seq, type }));
  const seen = () => emacs.events().flatMap(({ seq, type }) => (seq === undefined ? [] : [{ seq, type }]));
  await until('the last event', () => seen().length >= truth.length);
  expect(seen()).toEqual(truth);
  expect(truth.map(({ type }) => type)).toContain('daemon.started');

  // Names may hold what a terminal would obey.
  const cleaned = await emacs.evaluate('(coppice-clean "a\\e[31mb\\nc\\u009bd")');
  expect(cleaned.result).toBe('a [31mb c d');
  const { connections } = (await client.daemon.status()).counts;
  expect(await emacs.quit()).toBe(0);
  await until('one connection less', async () => (await client.daemon.status()).counts.connections === connections - 1);
});

test.skipIf(missing)('without a daemon Emacs says so', async () => {
  await using home = createHome();
  await using emacs = await startEmacs(home);
  expect((await emacs.evaluate('(coppice-connect)')).error).toMatch(/No such file or directory|coppice/);
});

test.skipIf(missing)('the call of the README works as it is written', async () => {
  await using daemon = await startRealDaemon({ commands: { build: commandFile('build', { steps: [shell('true')] }) } });
  await using repo = await createTestRepo();
  const { home } = daemon;
  const { slug } = await daemon.ended((await daemon.start(repo.path, 'build')).id);
  const code = /```elisp\n(.*?)```/s.exec(readFileSync(join(example, 'README.md'), 'utf8'))?.[1] as string;
  writeFileSync(home.path('readme.el'), code);
  // Where it lies by default: below $XDG_RUNTIME_DIR/coppice.
  mkdirSync(home.path('x'));
  symlinkSync(home.runDir, home.path('x/coppice'));
  const env = home.env({ XDG_RUNTIME_DIR: home.path('x') });
  const { stderr } = await promisify(execFile)('emacs', ['-Q', '--batch', '-l', home.path('readme.el')], { env });
  expect(stderr).toContain(`succeeded ${slug}\n`);
});
