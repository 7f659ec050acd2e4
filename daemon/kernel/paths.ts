import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';

/** Where everything of one daemon lives. All paths are absolute. */
export interface Paths {
  readonly runDir: string;
  readonly socketPath: string;
  readonly tmuxSocketPath: string;
  readonly stateDir: string;
  readonly databasePath: string;
  readonly lockPath: string;
  readonly endpointPath: string;
  readonly tokenPath: string;
  readonly logPath: string;
  readonly artifactsDir: string;
  readonly stepsDir: string;
  readonly environmentDir: string;
  readonly backupDir: string;
  readonly tmuxConfPath: string;
  readonly worktreesDir: string;
  readonly configPath: string;
  readonly userCommandsDir: string;
}

export interface PathOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly socket?: string;
  readonly config?: string;
}

export function resolvePaths({ env, home, socket, config }: PathOptions): Paths {
  const root = env.COPPICE_HOME || undefined;
  const base = (variable: string, fallback: string, own: string): string =>
    root ? join(root, own) : join(absolute(env[variable]) ?? join(home, fallback), 'coppice');
  const stateDir = base('XDG_STATE_HOME', '.local/state', 'state');
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const runDir = root ? join(root, 'run') : runtime ? join(runtime, 'coppice') : join(stateDir, 'run');
  const configDir = base('XDG_CONFIG_HOME', '.config', 'config');
  const socketPath = socket ?? (env.COPPICE_SOCKET || join(runDir, 'coppice.sock'));
  for (const path of [root, socketPath]) if (path !== undefined) assertAbsolute(path);
  const tmuxSocketPath = join(runDir, 'tmux.sock');
  for (const path of [socketPath, tmuxSocketPath]) assertSocketPath(path);
  return {
    runDir,
    socketPath,
    tmuxSocketPath,
    stateDir,
    databasePath: join(stateDir, 'coppice.db'),
    lockPath: join(stateDir, 'daemon.lock'),
    endpointPath: join(stateDir, 'endpoint.json'),
    tokenPath: join(stateDir, 'token'),
    logPath: join(stateDir, 'coppiced.log'),
    artifactsDir: join(stateDir, 'artifacts'),
    stepsDir: join(stateDir, 'steps'),
    environmentDir: join(stateDir, 'env'),
    backupDir: join(stateDir, 'backups'),
    tmuxConfPath: join(stateDir, 'tmux.conf'),
    worktreesDir: join(base('XDG_DATA_HOME', '.local/share', 'data'), 'worktrees'),
    configPath: config ?? join(configDir, 'config.toml'),
    userCommandsDir: join(configDir, 'commands'),
  };
}

/** XDG says to ignore what is not absolute. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}

function assertAbsolute(path: string): void {
  if (!path.startsWith('/')) throw new Failure('PRECONDITION', `The path "${path}" is not absolute; give it from the root, like /run/x.`);
}

/** The kernel cuts a longer path silently, and two daemons would then share a name. */
function assertSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= limits.socketPathBytes) return;
  throw new Failure(
    'PRECONDITION',
    `The socket path "${path}" has ${bytes} bytes, but a Unix socket path may have ${limits.socketPathBytes}; set COPPICE_SOCKET or COPPICE_HOME to a shorter one.`,
    { details: { reason: 'socket_path_too_long', bytes, limit: limits.socketPathBytes } },
  );
}
