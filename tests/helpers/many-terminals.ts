// Hundreds of sessions on a daemon of their own, each with a terminal in which its step waits for a word. Nothing else runs on that daemon.
import { execFile } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { createHome, type Home, type RealDaemon, type RealDaemonOptions, startRealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';
import { until } from './until.ts';

const run = promisify(execFile);

export interface ManyTerminals extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly home: Home;
  readonly repo: TestRepo;
  /** Ids of the sessions, by their number. */
  readonly ids: readonly string[];
  /** Starts so many more, and answers when the step of each waits for its word. */
  open(count: number): Promise<void>;
  /** Gives its word to the step of a session. */
  say(number: number, word: string): void;
  /** `$told` of a session. */
  fileOf(number: number): string;
  /** What the step of a session wrote into it. */
  told(number: number): string;
}

export interface ManyTerminalsOptions {
  /** Shell, after it has got `$word`; `$told` is the file to write to. */
  readonly after: string;
  readonly worktrees?: boolean;
  /** The step runs beside the terminal, which is a shell that waits: half the windows to open. */
  readonly beside?: boolean;
  readonly env?: RealDaemonOptions['env'];
}

const startingMs = 300_000;
/** In seconds; that of each step is a deadline to keep. */
const stepTimeout = 86_400;
/** Starts on the way at a time. */
const atOnce = 8;

export async function createManyTerminals({
  after,
  worktrees = false,
  beside = false,
  env = {},
}: ManyTerminalsOptions): Promise<ManyTerminals> {
  const home = createHome();
  const repo = await createTestRepo({ branch: 'main' });
  const gates = home.path('gates');
  mkdirSync(gates);
  const gate = (number: number): string => `${gates}/${number}`;
  const wait = `told=${gates}/$COPPICE_ARG_N.told; read -r word < ${gates}/$COPPICE_ARG_N; ${after}`;
  const command = {
    ...{
      name: 'waiting',
      arguments: ['n'],
      session: {},
      steps: [{ name: 'wait', type: 'shell', action: wait, timeout: stepTimeout, ...(beside ? { run_in: 'process' } : {}) }],
    },
    ...(worktrees ? { worktree: { branch: 'many/{{ n }}' } } : {}),
  };
  const daemon = await startRealDaemon({
    home,
    env,
    commands: { waiting: JSON.stringify(command) },
    config: '[sessions]\nmax_running = 1000\n',
  });
  const project = await daemon.client.project.add({ path: repo.path });
  const ids: string[] = [];
  /** Kept open for writing: a step that has opened its end is one that waits. */
  const words: number[] = [];

  const start = async (number: number): Promise<void> => {
    const wanted = { project: project.id, command: 'waiting', arguments: { n: String(number) }, environment: home.env() };
    ids[number] = (await daemon.client.session.start(wanted)).id;
    words[number] = await until(
      `session ${number} to wait`,
      () => openSync(gate(number), constants.O_WRONLY | constants.O_NONBLOCK),
      startingMs,
    );
  };
  return {
    ...{ daemon, home, repo, ids },
    async open(count) {
      const numbers = Array.from({ length: count }, (_, index) => ids.length + index);
      await run('mkfifo', numbers.map(gate));
      const left = numbers.values();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (const number of left) await start(number);
        }),
      );
    },
    say: (number, word) => void writeSync(words[number] as number, `${word}\n`),
    fileOf: (number) => `${gate(number)}.told`,
    told: (number) => readFileSync(`${gate(number)}.told`, 'utf8').trim(),
    async [Symbol.asyncDispose]() {
      for (const word of words) if (word !== undefined) closeSync(word);
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}
