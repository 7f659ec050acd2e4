// The outside world of one daemon: folders, processes, git, tmux.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Again } from '../kernel/again.ts';
import { createDeadlines } from '../kernel/deadline.ts';
import { createIds } from '../kernel/ids.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import { sleep } from '../kernel/retry.ts';
import type { Metrics } from '../metrics/service.ts';
import { claimDirectory } from '../server/unix-listener.ts';
import { inheritable } from '../sessions/environment.ts';
import { findExecutables } from '../tools/executables.ts';
import { createExitWatch } from '../tools/exit-watch.ts';
import { createFileReader } from '../tools/files.ts';
import { createGit } from '../tools/git/git.ts';
import { withoutLogins } from '../tools/no-logins.ts';
import { createOtherTmux } from '../tools/other-tmux.ts';
import { createProcessTool } from '../tools/process.ts';
import { createSpawner } from '../tools/spawner.ts';
import { createStepFiles } from '../tools/step-files.ts';
import { tmuxConf } from '../tools/tmux-conf.ts';
import { measuredProcess } from './measured.ts';
import type { DaemonOptions } from './options.ts';
import { createServiceManager } from './service-manager.ts';
import { createTerminalServers } from './terminal-servers.ts';

export type Tools = Awaited<ReturnType<typeof createTools>>;

export async function makeFolders({ paths, uid }: DaemonOptions): Promise<void> {
  await claimDirectory(paths.runDir, uid);
  const { stateDir, artifactsDir, stepsDir, environmentDir, credentialsDir, worktreesDir } = paths;
  const dirs = [stateDir, artifactsDir, stepsDir, environmentDir, credentialsDir, worktreesDir];
  for (const dir of dirs) await mkdir(dir, { recursive: true, mode: 0o700 });
}

/** What tools are measured and tried again by. */
export interface ToolHelp {
  readonly metrics: Metrics;
  readonly again: Again;
  /** The newest id that still counts for an order. */
  readonly newestId: string | undefined;
}

export async function createTools(options: DaemonOptions, { metrics, again, newestId }: ToolHelp, lifecycle: Lifecycle) {
  const { paths, clock, env, packageRoot } = options;
  const manager = createServiceManager(options);
  const ownEnv = inheritable(env);
  const [perlPath] = await findExecutables('perl', { searchPath: ownEnv.PATH, cwd: '/' });
  const ofPerl = perlPath === undefined ? {} : { perlPath };
  const scriptsDir = join(packageRoot, 'daemon', 'tools');
  const spawner = createSpawner({ ...ofPerl, programPath: join(scriptsDir, 'spawner.pl'), searchPath: ownEnv.PATH });
  lifecycle.own('spawner', () => spawner.close());
  const processTool = measuredProcess(createProcessTool({ baseEnv: ownEnv, spawner }), metrics);
  lifecycle.own('programs', () => processTool.close());
  const tmuxPath = await processTool.which('tmux');
  const stepFiles = createStepFiles({
    dir: paths.stepsDir,
    scriptsDir,
    ...ofPerl,
    ...(manager === undefined ? {} : { startedBy: manager.startedBy }),
  });
  const exits = createExitWatch({ dir: paths.stepsDir });
  lifecycle.own('exit watch', () => exits.close());
  await writeFile(paths.tmuxConfPath, tmuxConf(), { mode: 0o600 });
  const tmux = createTerminalServers({
    ...{ process: processTool, tmuxPath, manager, metrics, again },
    env: await withoutLogins(ownEnv, paths.noLoginsPath),
    ...{ socketPath: paths.tmuxSocketPath, confPath: paths.tmuxConfPath },
    sleep: (ms) => sleep(clock, ms),
  });
  lifecycle.own('tmux control clients', () => tmux.close());
  const deadlines = createDeadlines(clock);
  lifecycle.own('deadlines', () => deadlines.close());
  return {
    ownEnv,
    manager,
    spawner,
    process: processTool,
    stepFiles,
    exits,
    deadlines,
    tmux,
    otherTmux: createOtherTmux({ process: processTool, ...(tmuxPath === undefined ? {} : { tmuxPath }) }),
    git: createGit({ process: processTool, env: ownEnv, again }),
    files: createFileReader(),
    ids: createIds(clock, newestId),
  };
}
