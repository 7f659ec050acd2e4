// What `doctor` looks at by itself: enough to say why no daemon comes up.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { daemonEntry } from '../../rpc/package-info.ts';
import type { ResultOf } from '../../schemas/index.ts';
import { isRpcClientError } from '../client-error.ts';
import type { Cli } from './context.ts';
import { locationsOf } from './daemon-process.ts';

type Finding = ResultOf<'daemon.doctor'>['findings'][number];

export interface Examination {
  readonly running: boolean;
  readonly findings: readonly Finding[];
}

const probeMs = 5_000;
const leastNode = [20, 19] as const;

export async function examine(cli: Cli): Promise<Examination> {
  const daemons = await askDaemon(cli);
  const own = [nodeFinding(), ...programFindings(cli), socketDirFinding(cli), ...(daemons === undefined ? [entryFinding()] : [])];
  if (daemons === undefined) return { running: false, findings: own };
  // The daemon's own view counts where both looked: its PATH may be another.
  const known = new Set(daemons.map((finding) => finding.check));
  return { running: true, findings: [...own.filter((finding) => !known.has(finding.check)), ...daemons] };
}

async function askDaemon(cli: Cli): Promise<readonly Finding[] | undefined> {
  try {
    const client = await cli.connect({ autoStart: false });
    return (await client.daemon.doctor()).findings;
  } catch (error) {
    if (isRpcClientError(error) && error.code === 'NOT_CONNECTED') return undefined;
    throw error;
  }
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return { check: 'node', ok, found: process.versions.node, ...(ok ? {} : { remedy: `install Node ${leastNode.join('.')} or newer` }) };
}

function programFindings(cli: Cli): Finding[] {
  const programs = [
    { name: 'git', words: ['--version'], remedy: 'install git; worktrees are made with it' },
    { name: 'tmux', words: ['-V'], remedy: 'install tmux; terminals are made with it' },
    { name: 'bash', words: ['-c', 'echo "$BASH_VERSION"'], remedy: 'install bash; shell steps are run by it' },
    { name: 'perl', words: ['-e', 'printf "%vd", $^V'], remedy: 'install perl; steps are run through a small perl program' },
  ];
  return programs.map(({ name, words, remedy }) => {
    const path = findProgram(name, cli.env.PATH ?? '');
    if (path === undefined) return { check: name, ok: false, found: 'not on PATH', remedy };
    const { stdout, error } = spawnSync(path, words, { encoding: 'utf8', timeout: probeMs });
    if (error !== undefined) return { check: name, ok: false, found: error.message, remedy };
    return { check: name, ok: true, found: stdout.trim() || path };
  });
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder || '.', name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** The folder of the socket must be ours alone: who may write there may put another socket in its place. */
function socketDirFinding(cli: Cli): Finding {
  const folder = dirname(locationsOf(cli).socketPath);
  const check = 'socket directory';
  if (!existsSync(folder)) return { check, ok: true, found: `${folder} (not made yet)` };
  const { uid, mode } = lstatSync(folder);
  const permissions = (mode & 0o777).toString(8);
  const ok = uid === process.geteuid?.() && (mode & 0o077) === 0 && (mode & constants.S_IFMT) === constants.S_IFDIR;
  const found = `${folder} (mode ${permissions})`;
  return ok ? { check, ok, found } : { check, ok, found, remedy: `it must be a directory of yours with mode 700: chmod 700 ${folder}` };
}

function entryFinding(): Finding {
  const found = daemonEntry();
  const ok = existsSync(found);
  return { check: 'daemon program', ok, found, ...(ok ? {} : { remedy: 'build or reinstall coppice' }) };
}
