// Brings a daemon up: through the user's systemd when its unit is installed, else as a process of its own. Whoever loses a race for the
// state directory exits, and its client is answered by the winner.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { daemonEntry } from '../rpc/package-info.ts';
import { errorTable } from '../schemas/errors.ts';
import { notConnected } from './client-error.ts';
import type { Env, Locations } from './locate.ts';

/** A daemon that is being started. */
export interface Starting {
  /** How it was started, for people. */
  readonly how: string;
  /** Why no daemon will come of it; undefined while one may. */
  failure(): string | undefined;
  /** Another daemon held the state directory: it answers soon, or it was on its way out. */
  lostRace(): boolean;
}

/** How the daemon exits when another one holds its state directory. */
const alreadyRunning = errorTable.ALREADY_RUNNING.exit;

/** Why a daemon must not be started from here; undefined when it may. */
export function autoStartForbidden(env: Env): string | undefined {
  if (env.COPPICE_SESSION_ID) return 'none is started from inside a session; start it from another terminal with "coppice daemon start"';
  if (env.COPPICE_NO_AUTOSTART && env.COPPICE_NO_AUTOSTART !== '0') {
    return 'COPPICE_NO_AUTOSTART forbids starting one; run "coppice daemon start"';
  }
  return undefined;
}

export async function startDaemon(locations: Locations, env: Env): Promise<Starting> {
  if (servedBySystemd(locations) && (await systemctl(['--user', 'start', 'coppice.socket'], env))) {
    return { how: 'through systemd (coppice.socket)', failure: () => undefined, lostRace: () => false };
  }
  return spawnDaemon(locations, env);
}

/** The unit listens at the default place; a socket or home of one's own is none of its business. */
function servedBySystemd({ ownHome, socketChosen, unitDir }: Locations): boolean {
  return !ownHome && !socketChosen && existsSync(join(unitDir, 'coppice.socket'));
}

async function systemctl(words: readonly string[], env: Env): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn('systemctl', words, { stdio: 'ignore', env: { ...env } });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

async function spawnDaemon(locations: Locations, env: Env): Promise<Starting> {
  const entry = daemonEntry();
  if (!existsSync(entry)) throw notConnected(`No daemon runs, and its program "${entry}" is missing; build or reinstall coppice.`);
  const { spawn } = await import('node:child_process');
  mkdirSync(locations.stateDir, { recursive: true, mode: 0o700 });
  const log = openSync(locations.logPath, 'a', 0o600);
  const logStart = statSync(locations.logPath).size;
  let failure: string | undefined;
  let lost = false;
  try {
    const child = spawn(process.execPath, [entry], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: daemonEnvironment(locations, env),
    });
    child.on('error', (error) => {
      failure = error.message;
    });
    child.on('exit', (code, signal) => {
      if (code === alreadyRunning) lost = true;
      else failure = `${signal ?? `exit status ${code}`}${lastLine(locations, logStart)}`;
    });
    child.unref();
  } finally {
    closeSync(log);
  }
  return { how: `as a process of its own (log: ${locations.logPath})`, failure: () => failure, lostRace: () => lost };
}

/** What belongs to the caller's session, terminal or service is not the daemon's. */
function daemonEnvironment(locations: Locations, env: Env): NodeJS.ProcessEnv {
  const theirs =
    /^(COPPICE_(TOKEN|SESSION_ID|NO_AUTOSTART)|TMUX|TMUX_PANE|NOTIFY_SOCKET|LISTEN_\w+|WATCHDOG_\w+|INVOCATION_ID|JOURNAL_STREAM)$/;
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !theirs.test(name)));
  return locations.socketChosen ? { ...kept, COPPICE_SOCKET: locations.socketPath } : kept;
}

function lastLine({ logPath, configPath }: Locations, from: number): string {
  try {
    const lines = readFileSync(logPath).subarray(from).toString('utf8').trim().split('\n');
    const line = lines.at(-1)?.trim().slice(0, 400);
    if (line?.startsWith(configPath)) return `: ${line}; "coppice config validate" tells all that is wrong`;
    return line ? `: ${line}` : `; see "${dirname(logPath)}"`;
  } catch {
    return '';
  }
}
