// Throw-away git repositories, apart from the machine's own git configuration. Everything lies in one temporary directory.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TestRepo extends AsyncDisposable {
  /** The main checkout. */
  readonly path: string;
  /** Holds the repository and all that a test puts beside it. */
  readonly directory: string;
  /** The environment git runs in, here and in a tool under test. */
  readonly env: Readonly<Record<string, string>>;
  /** A path beside the main checkout. */
  beside(name: string): string;
  /** Runs git in the main checkout, or in `cwd`; answers its output without the last newline. */
  git(...args: readonly string[]): Promise<string>;
  gitIn(cwd: string, ...args: readonly string[]): Promise<string>;
  write(file: string, text: string | Uint8Array, cwd?: string): Promise<void>;
  /** Writes the files, commits everything, and answers the commit. */
  commit(subject: string, files?: Readonly<Record<string, string | Uint8Array>>, cwd?: string): Promise<string>;
  /** An executable hook, of shell. */
  hook(name: string, script: string): Promise<void>;
  /** Status, HEAD and the files of the main checkout, to compare before and after. */
  fingerprint(): Promise<string>;
}

export interface TestRepoOptions {
  readonly branch?: string;
  /** Without, the repository begins with one commit of `readme.txt`. */
  readonly empty?: boolean;
  readonly name?: string;
  readonly objectFormat?: 'sha1' | 'sha256';
}

export async function createTestRepo(options: TestRepoOptions = {}): Promise<TestRepo> {
  const { branch = 'master', empty = false, name = 'repo', objectFormat = 'sha1' } = options;
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'coppice-repo-')));
  const home = join(directory, 'home');
  const path = join(directory, name);
  await mkdir(home);
  const config = join(home, '.gitconfig');
  await writeFile(config, '[user]\n\tname = Test\n\temail = test@example.org\n[protocol "file"]\n\tallow = always\n[gc]\n\tauto = 0\n');
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, GIT_CONFIG_GLOBAL: config, GIT_CONFIG_NOSYSTEM: '1' };
  const gitIn = async (cwd: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await run('git', [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout.replace(/\n$/, '');
  };
  const write = async (file: string, text: string | Uint8Array, cwd = path): Promise<void> => {
    const target = join(cwd, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  };
  const repo: TestRepo = {
    path,
    directory,
    env,
    beside: (other) => join(directory, other),
    git: (...args) => gitIn(path, ...args),
    gitIn,
    write,
    async commit(subject, files = {}, cwd = path) {
      for (const [file, text] of Object.entries(files)) await write(file, text, cwd);
      await gitIn(cwd, 'add', '--all');
      await gitIn(cwd, 'commit', '--quiet', '--allow-empty', `--message=${subject}`);
      return gitIn(cwd, 'rev-parse', 'HEAD');
    },
    async hook(hookName, script) {
      const target = join(path, '.git', 'hooks', hookName);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    async fingerprint() {
      const [status, head, files] = await Promise.all([
        gitIn(path, 'status', '--porcelain=v2', '--branch', '--ignored'),
        gitIn(path, 'symbolic-ref', '--quiet', 'HEAD').catch(() => gitIn(path, 'rev-parse', 'HEAD')),
        readdir(path),
      ]);
      return [status, head, ...files.sort()].join('\n');
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
  await gitIn(directory, 'init', '--quiet', `--initial-branch=${branch}`, `--object-format=${objectFormat}`, path);
  if (!empty) await repo.commit('first', { 'readme.txt': 'hello\n' });
  return repo;
}
