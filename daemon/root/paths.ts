import { join } from 'node:path';
import { type Places, placesOf, socketPathProblem } from '../../rpc/places.ts';
import { Failure } from '../../schemas/errors.ts';
import { mostTmuxServers, socketPathOf } from '../tools/tmux-servers.ts';

/** Where everything of one daemon lives. All paths are absolute. */
export interface Paths extends Places {
  readonly tmuxSocketPath: string;
  readonly databasePath: string;
  readonly tokenPath: string;
  readonly artifactsDir: string;
  readonly stepsDir: string;
  readonly environmentDir: string;
  readonly credentialsDir: string;
  readonly backupDir: string;
  readonly tmuxConfPath: string;
  readonly noLoginsPath: string;
  readonly worktreesDir: string;
  readonly userCommandsDir: string;
  /** The last good configuration. */
  readonly configSnapshotPath: string;
  /** The configuration file was named, so it must be there. */
  readonly configNamed: boolean;
}

export interface PathOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly socket?: string;
  readonly config?: string;
}

export function resolvePaths({ env, home, socket, config }: PathOptions): Paths {
  if (env.COPPICE_HOME && !env.COPPICE_HOME.startsWith('/')) {
    throw badPath(`COPPICE_HOME "${env.COPPICE_HOME}" is not absolute; give it from the root, like /srv/coppice.`);
  }
  const places = placesOf({ env, home, socketPath: socket });
  const { runDir, stateDir, dataDir, configDir } = places;
  const tmuxSocketPath = join(runDir, 'tmux.sock');
  for (const path of [places.socketPath, socketPathOf(tmuxSocketPath, mostTmuxServers - 1)]) {
    const problem = socketPathProblem(path);
    if (problem !== undefined) throw badPath(problem);
  }
  return {
    ...places,
    tmuxSocketPath,
    databasePath: join(stateDir, 'coppice.db'),
    tokenPath: join(stateDir, 'token'),
    artifactsDir: join(stateDir, 'artifacts'),
    stepsDir: join(stateDir, 'steps'),
    environmentDir: join(stateDir, 'env'),
    credentialsDir: join(stateDir, 'credentials'),
    backupDir: join(stateDir, 'backups'),
    tmuxConfPath: join(stateDir, 'tmux.conf'),
    noLoginsPath: join(stateDir, 'no-logins.so'),
    worktreesDir: join(dataDir, 'worktrees'),
    configPath: config ?? places.configPath,
    configNamed: config !== undefined,
    configSnapshotPath: join(stateDir, 'last-good-config.json'),
    userCommandsDir: join(configDir, 'commands'),
  };
}

function badPath(sentence: string): Failure {
  return new Failure('PRECONDITION', sentence, { details: { reason: 'unusable_path' } });
}
