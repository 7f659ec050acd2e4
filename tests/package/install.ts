// `npm install` of a tarball, from the cache of the user as far as that has it.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../helpers/package-root.ts';
import { npmEnv } from './packed.ts';

const run = promisify(execFile);

const unreachable = /code (E?(AI_AGAIN|NOTFOUND|CONN\w+|TIMEDOUT|NETUNREACH|HOSTUNREACH)|ENOTCACHED|ERR_SOCKET_TIMEOUT|E5\d\d)\b/;

/** Answers a reason when there is no registry to install from, and throws for everything else that goes wrong. */
export async function npmInstall(cwd: string, args: readonly string[], prebuiltDir: string): Promise<string | undefined> {
  const env = { ...npmEnv, npm_config_better_sqlite3_local_prebuilds: prebuiltDir };
  try {
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error', ...args], { cwd, env });
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const code = unreachable.exec(stderr ?? '')?.[1];
    if (code === undefined) throw error;
    if (process.env.COPPICE_REQUIRE_ALL === '1') throw new Error('COPPICE_REQUIRE_ALL=1 wants every test to run', { cause: error });
    return `the registry is out of reach (${code}) and the cache of npm does not have everything`;
  }
}

/**
 * Makes a folder with SQLite as `npm install` of this checkout has compiled it, in the form in which its package looks for prebuilt ones:
 * to compile it again would take longer than everything else here.
 */
export async function prebuiltSqlite(dir: string): Promise<string> {
  const installed = join(packageRoot, 'node_modules', 'better-sqlite3');
  const { version } = (await import(join(installed, 'package.json'), { with: { type: 'json' } })).default as { version: string };
  const binary = join('build', 'Release', 'better_sqlite3.node');
  mkdirSync(dirname(join(dir, binary)), { recursive: true });
  copyFileSync(join(installed, binary), join(dir, binary));
  const name = `better-sqlite3-v${version}-node-v${process.versions.modules}-${process.platform}-${process.arch}.tar.gz`;
  await run('tar', ['-czf', join(dir, name), '-C', dir, 'build']);
  return dir;
}
