// Where a daemon of a test lives: its directories and its environment. Everything that was started there is gone at the end.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { killIfThere, processesWith } from './processes.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** The directories of one daemon, with paths short enough for a socket. */
export interface Home extends AsyncDisposable {
  readonly dir: string;
  readonly socketPath: string;
  readonly tmuxSocketPath: string;
  /** Of all servers that there are. */
  tmuxSocketPaths(): string[];
  readonly databasePath: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly configPath: string;
  readonly logPath: string;
  readonly worktreesDir: string;
  /** The environment of a program of this home. */
  env(more?: Readonly<Record<string, string | undefined>>): Record<string, string>;
  /** Below the home, for the files of a test. */
  path(name: string): string;
  log(): string;
  writeConfig(text: string): void;
  writeCommand(name: string, yaml: string): void;
  /** Processes that belong to this home: daemon, tmux server, steps. */
  processes(): ReturnType<typeof processesWith>;
}

export function createHome(): Home {
  // /tmp, not $TMPDIR, which may be long.
  const dir = mkdtempSync(join(tmpdir().length > 20 ? '/tmp' : tmpdir(), 'cop-'));
  const user = join(dir, 'user');
  mkdirSync(user);
  mkdirSync(join(dir, 'config', 'commands'), { recursive: true });
  const gitconfig = join(user, '.gitconfig');
  writeFileSync(gitconfig, '[user]\n\tname = Test\n\temail = test@example.org\n[gc]\n\tauto = 0\n');
  const base = {
    PATH: process.env.PATH,
    HOME: user,
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    COPPICE_HOME: dir,
    COPPICE_NO_AUTOSTART: '1',
    GIT_CONFIG_GLOBAL: gitconfig,
    GIT_CONFIG_NOSYSTEM: '1',
  };
  const home: Home = {
    dir,
    socketPath: join(dir, 'run', 'coppice.sock'),
    tmuxSocketPath: join(dir, 'run', 'tmux.sock'),
    databasePath: join(dir, 'state', 'coppice.db'),
    stateDir: join(dir, 'state'),
    runDir: join(dir, 'run'),
    configPath: join(dir, 'config', 'config.toml'),
    logPath: join(dir, 'state', 'coppiced.log'),
    worktreesDir: join(dir, 'data', 'worktrees'),
    env: (more = {}) => definedOnly({ ...base, ...more }),
    path: (name) => join(dir, name),
    tmuxSocketPaths: () => {
      // A test may have put something else in its place.
      if (!statSync(home.runDir, { throwIfNoEntry: false })?.isDirectory()) return [];
      const names = readdirSync(home.runDir).filter((name) => /^tmux.*\.sock$/.test(name));
      return names.map((name) => join(home.runDir, name));
    },
    log: () => readFileSync(home.logPath, 'utf8'),
    writeConfig: (text) => writeFileSync(home.configPath, text),
    writeCommand: (name, yaml) => writeFileSync(join(dir, 'config', 'commands', `${name}.yaml`), yaml),
    processes: () => processesWith(`${dir}/`).concat(processesWith(`COPPICE_HOME=${dir}\0`)),
    async [Symbol.asyncDispose]() {
      for (const socket of home.tmuxSocketPaths()) {
        await run('tmux', ['-N', '-S', socket, 'kill-server'], { env: home.env() }).catch(() => undefined);
      }
      await until(`everything of "${dir}" to end`, () => {
        const left = home.processes();
        for (const { pid } of left) killIfThere(pid, 'SIGKILL');
        return left.length === 0;
      });
      // A wrapper has nothing left by which it is found, and writes its last file a moment later.
      await until(`"${dir}" to be removed`, () => {
        rmSync(dir, { recursive: true, force: true });
        return true;
      });
    },
  };
  return home;
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
