// Everything the demo touches lies in one temporary directory: a repository, a home for the daemon and its worktrees. It goes at the end.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const cliProgram = fileURLToPath(new URL('../../dist/coppice.cjs', import.meta.url));
const deadlineMs = 20_000;

export interface Scratch {
  readonly dir: string;
  readonly repo: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs git in the repository; answers what it printed. */
  git(...args: readonly string[]): Promise<string>;
  /** Runs the built CLI in the repository; answers what it printed. */
  coppice(...args: readonly string[]): Promise<string>;
  /** The same for people: prints the command line, and below it what comes out, as it comes. */
  show(program: 'coppice' | 'git', ...args: readonly string[]): Promise<void>;
  tmux(...args: readonly string[]): Promise<string>;
  remove(): void;
}

/** Says what is missing before anything is made. */
export async function assertTools(): Promise<void> {
  for (const [tool, flag] of [
    ['git', '--version'],
    ['tmux', '-V'],
    ['perl', '-v'],
  ] as const) {
    await run(tool, [flag]).catch(() => {
      throw new Error(`The demo needs "${tool}", which is not installed; on Debian and Ubuntu: sudo apt-get install git tmux perl.`);
    });
  }
}

export async function createScratch(commands: Readonly<Record<string, string>>): Promise<Scratch> {
  const dir = realpathSync(mkdtempSync(join(shortTmp(), 'coppice-demo-')));
  const repo = join(dir, 'grove');
  const env = environment(dir);
  const printed = async (program: string, args: readonly string[]): Promise<string> => {
    const { stdout } = await run(program, [...args], { cwd: repo, env, timeout: deadlineMs });
    return stdout.trimEnd();
  };
  const scratch: Scratch = {
    dir,
    repo,
    env,
    git: (...args) => printed('git', args),
    coppice: (...args) => printed(process.execPath, [cliProgram, ...args]),
    async show(program, ...args) {
      process.stdout.write(`\n$ ${program} ${args.join(' ')}\n`);
      const [file, words] = program === 'git' ? [program, args] : [process.execPath, [cliProgram, ...args]];
      const child = spawn(file, words, { cwd: repo, env, timeout: deadlineMs, stdio: ['ignore', 'inherit', 'inherit'] });
      const [code, signal] = await once(child, 'exit');
      if (code !== 0) throw new Error(`"${program} ${args.join(' ')}" ended with ${signal ?? `exit status ${code}`}.`);
    },
    tmux: (...args) => printed('tmux', ['-N', '-S', join(dir, 'home', 'run', 'tmux.sock'), ...args]),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
  try {
    mkdirSync(repo);
    writeFileSync(join(dir, 'gitconfig'), '[user]\n\tname = Demo\n\temail = demo@example.org\n');
    for (const [name, yaml] of Object.entries(commands)) write(join(repo, '.coppice', 'commands', `${name}.yaml`), yaml);
    write(join(repo, 'README.md'), '# A grove\n');
    await scratch.git('init', '-q', '-b', 'main');
    await scratch.git('add', '--all');
    await scratch.git('commit', '-q', '-m', 'A grove with nothing in it');
  } catch (error) {
    scratch.remove();
    throw error;
  }
  return scratch;
}

/** The user's environment, without what belongs to another daemon, terminal or git configuration. */
function environment(dir: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(COPPICE_|TMUX|GIT_)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    COPPICE_HOME: join(dir, 'home'),
    GIT_CONFIG_GLOBAL: join(dir, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
  };
}

/** The path of a Unix socket has room for 107 bytes only. */
function shortTmp(): string {
  return tmpdir().length > 40 ? '/tmp' : tmpdir();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
