// The domain, wired: each service gets what it names and nothing else.
import { createArtifactService } from '../artifacts/service.ts';
import { createAuthService } from '../auth/service.ts';
import { createCatalogue } from '../commands/catalogue.ts';
import { createConfigService } from '../config/service.ts';
import { createDoctorService } from '../doctor/service.ts';
import type { Feed } from '../events/feed.ts';
import type { DaemonFacts, Services } from '../handlers/services.ts';
import type { Again } from '../kernel/again.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import { createLeaseService } from '../leases/service.ts';
import { createMetrics } from '../metrics/service.ts';
import { createProjectService } from '../projects/service.ts';
import { createFileSchedules } from '../schedules/file-schedules.ts';
import { createFiring } from '../schedules/firing.ts';
import { createScheduleService } from '../schedules/service.ts';
import { createAdmission } from '../sessions/admission.ts';
import { builtinNames } from '../sessions/builtins/index.ts';
import { createDaemonStepRunner } from '../sessions/daemon-step.ts';
import { createEnvFiles } from '../sessions/env-file.ts';
import { createOutputWatch } from '../sessions/output.ts';
import { type BuiltinsFor, builtinsOf } from '../sessions/own-scripts.ts';
import { createResources } from '../sessions/resources.ts';
import { createStepRunner } from '../sessions/run-step.ts';
import { createSessionRunner } from '../sessions/runner.ts';
import { createSessionService } from '../sessions/service.ts';
import type { Store } from '../store/store.ts';
import { createTerminalService } from '../terminals/service.ts';
import { cronProblem } from '../tools/cron.ts';
import { isPortFree } from '../tools/free-port.ts';
import { killTree } from '../tools/kill-tree.ts';
import { createProc } from '../tools/proc.ts';
import { startStepProcess } from '../tools/step-process.ts';
import { readTextIfThere } from '../tools/watch.ts';
import { createCare } from '../upkeep/care.ts';
import { createUpkeep } from '../upkeep/service.ts';
import { createHooks } from '../worktrees/hooks.ts';
import { createWorktreeService } from '../worktrees/service.ts';
import type { DaemonOptions } from './options.ts';
import type { Tools } from './tools.ts';

export interface Wiring {
  readonly options: DaemonOptions;
  readonly tools: Tools;
  readonly again: Again;
  readonly store: Store;
  readonly feed: Feed;
  readonly daemon: DaemonFacts;
  readonly ownerToken: () => string;
  readonly lifecycle: Lifecycle;
}

export function createServices({ options, tools, again, store, feed, daemon, ownerToken, lifecycle }: Wiring): Services {
  const { paths, clock, env } = options;
  const { log } = options.log;
  const { ids, git, tmux, stepFiles, exits, deadlines, files } = tools;
  const proc = createProc();
  const shared = { store, clock, ids, log };

  const config = createConfigService({ store, log, env, path: paths.configPath, readText: readTextIfThere, initial: options.config });
  const metrics = createMetrics();
  lifecycle.own('metrics', () => metrics.close());
  const auth = createAuthService({ ...shared, ownerToken });
  const projects = createProjectService({ ...shared, git });
  const catalogue = createCatalogue({ files, now: () => clock.now(), builtins: builtinNames, cronProblem, userDir: paths.userCommandsDir });
  const artifacts = createArtifactService({ ...shared, process: tools.process });
  const queue = createKeyedQueue();
  const portRange = () => config.current.leases.ports;
  const leases = createLeaseService({ ...shared, queue, isPortFree, portRange });
  const root = (): string => config.current.worktrees.root ?? paths.worktreesDir;
  const hooks = createHooks({ process: tools.process, configured: () => config.current.hooks });
  const copyRules = () => config.current.worktrees.copy;
  const worktrees = createWorktreeService({ ...shared, git, proc, queue, root, hooks, copyRules });
  lifecycle.own('worktree deletions', () => worktrees.idle());
  const terminals = createTerminalService({ ...shared, tmux, stepFiles, exits, killTree });
  const resources = createResources({ store, clock, git, worktrees, terminals, shell: () => config.current.sessions.shell, places: paths });

  const envFiles = createEnvFiles(paths.environmentDir);
  const steps = createStepRunner({
    ...shared,
    random: options.random,
    again,
    ...{ deadlines, stepFiles, exits, tmux, files, killTree },
    startProcess: startStepProcess,
    isAlive: (pid) => proc.isAlive(pid),
    socketPath: paths.socketPath,
    tmuxSocketPath: paths.tmuxSocketPath,
  });
  const daemonSteps = createDaemonStepRunner({
    ...shared,
    random: options.random,
    deadlines,
    git,
    tmux,
    process: tools.process,
    artifacts,
    resources,
    leases,
    terminals,
    worktrees,
    exits,
  });
  const builtinsFor: BuiltinsFor = (projectPath, definition) => builtinsOf(files, projectPath, definition);
  const runner = createSessionRunner({
    ...shared,
    deadlines,
    envFiles,
    steps,
    daemonSteps,
    artifacts,
    builtinsFor,
    onFinished: () => admitMore(),
  });
  lifecycle.own('session runner', () => runner.stop());
  const maxRunning = (): number => config.current.sessions.max_running ?? Math.max(10, 2 * options.cores);
  const admission = createAdmission({ store, clock, runner, envFiles, maxRunning });
  const admitMore = (): void => {
    admission
      .admit()
      .catch((error: unknown) => log.error({ err: error }, 'waiting sessions could not be let in; the next end of one tries again'));
  };
  lifecycle.own('admission', config.onChange(admitMore));
  const sessions = createSessionService({
    ...{ store, clock, ids, projects, catalogue, auth, git, tmux, files, envFiles, admission, runner, terminals, worktrees, artifacts },
    artifactsDir: paths.artifactsDir,
    budgetSeconds: () => config.current.sessions.timeout,
    builtinsFor,
    ownEnvironment: tools.ownEnv,
  });
  const fileSchedules = createFileSchedules({ ...shared, catalogue });
  const firing = createFiring({ store, clock, sessions });
  const schedules = createScheduleService({ ...shared, firing, fileSchedules });
  lifecycle.own('schedules', () => schedules.stop());
  const doctor = createDoctorService({
    store,
    git,
    tmux,
    process: tools.process,
    stateDir: paths.stateDir,
    nodeVersion: options.nodeVersion,
  });
  const output = createOutputWatch({ store, feed });
  const { databasePath, backupDir } = paths;
  const care = createCare({ process: tools.process, again, databasePath, program: options.careProgram });
  const upkeep = createUpkeep({ store, clock, log, config, artifacts, worktrees, care, databasePath, backupDir });
  return {
    ...{ store, clock, ids, feed, config, projects, catalogue, sessions, schedules, output, worktrees, terminals, artifacts, leases },
    ...{ auth, metrics, doctor, upkeep, git, tmux, daemon, builtinsFor },
  };
}
