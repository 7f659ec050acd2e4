// The domain, wired: each service gets what it names and nothing else.
import { availableParallelism } from 'node:os';
import { createArtifactService } from '../artifacts/service.ts';
import { createAuthService } from '../auth/service.ts';
import { createCatalogue } from '../commands/catalogue.ts';
import { createConfigService } from '../config/service.ts';
import { createDoctorService } from '../doctor/service.ts';
import { createEventHooks } from '../event-hooks/service.ts';
import type { Feed } from '../events/feed.ts';
import { createGateService } from '../gates/service.ts';
import { createGroupService } from '../groups/service.ts';
import type { DaemonFacts, Services } from '../handlers/services.ts';
import type { Again } from '../kernel/again.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import { byDaemon } from '../kernel/origin.ts';
import { createLeaseService } from '../leases/service.ts';
import type { Metrics } from '../metrics/service.ts';
import { createAvailability } from '../models/availability.ts';
import { examineAgents } from '../models/findings.ts';
import { createRegistry } from '../models/registry.ts';
import { createPolicyService } from '../policy/service.ts';
import { createProjectService } from '../projects/service.ts';
import { createFileSchedules } from '../schedules/file-schedules.ts';
import { createFiring } from '../schedules/firing.ts';
import { createScheduleService } from '../schedules/service.ts';
import { createAdmission } from '../sessions/admission.ts';
import { createAgentPlaces } from '../sessions/agent-environment.ts';
import { builtinNames } from '../sessions/builtins/index.ts';
import { createDaemonStepRunner } from '../sessions/daemon-step.ts';
import { createDrivenSessions } from '../sessions/driven.ts';
import { createEnvFiles } from '../sessions/env-file.ts';
import { createOutputWatch } from '../sessions/output-watch.ts';
import { type BuiltinsFor, builtinsOf } from '../sessions/own-scripts.ts';
import { createResources } from '../sessions/resources.ts';
import { createStepRunner } from '../sessions/run-step.ts';
import { createSessionRunner } from '../sessions/runner.ts';
import { createSessionService } from '../sessions/service.ts';
import { usageOfSession } from '../sessions/usage.ts';
import type { Store } from '../store/store.ts';
import { createTerminalService } from '../terminals/service.ts';
import { cronProblem } from '../tools/cron.ts';
import { withoutLinks } from '../tools/files.ts';
import { isPortFree } from '../tools/free-port.ts';
import { killTree } from '../tools/kill-tree.ts';
import { createLeftovers } from '../tools/leftovers.ts';
import { createProc } from '../tools/proc.ts';
import { startStepProcess } from '../tools/step-process.ts';
import { isServerSocket } from '../tools/tmux-servers.ts';
import { createCare } from '../upkeep/care.ts';
import { createUpkeep } from '../upkeep/service.ts';
import { createHooks } from '../worktrees/hooks.ts';
import { createWorktreeService } from '../worktrees/service.ts';
import { createSpares } from '../worktrees/spares.ts';
import { wireCredentials } from './credentials.ts';
import { saveConfigSnapshot } from './initial-config.ts';
import type { DaemonOptions } from './options.ts';
import { createSpecTaskServices } from './spec-tasks.ts';
import type { Tools } from './tools.ts';

export interface Wiring {
  readonly options: DaemonOptions;
  readonly tools: Tools;
  readonly again: Again;
  readonly store: Store;
  readonly feed: Feed;
  readonly metrics: Metrics;
  readonly daemon: DaemonFacts;
  readonly ownerToken: () => string;
  readonly lifecycle: Lifecycle;
}

export function createServices(wiring: Wiring): Services {
  const { options, tools, again, store, feed, metrics, daemon, ownerToken, lifecycle } = wiring;
  const { paths, clock, env } = options;
  const { log } = options.log;
  const { ids, git, tmux, stepFiles, exits, deadlines, files } = tools;
  const proc = createProc();
  const shared = { store, clock, ids, log };

  const config = createConfigService({
    ...{ store, log, files },
    file: { path: paths.configPath, named: paths.configNamed },
    fixed: { env, flags: options.configFlags },
    initial: options.config,
    isBusy: (r) => r.sessions.active().length > 0,
    onFileChanged: () => feed.emit({ type: 'config.fileChanged', subject: {}, actor: byDaemon.actor, data: { path: paths.configPath } }),
    saveSnapshot: (loaded) => saveConfigSnapshot(paths, loaded),
  });
  const { agents, models } = createRegistry(() => config.current);
  const availability = createAvailability((program, searchPath) => tools.process.which(program, searchPath));
  lifecycle.own(
    'metrics switch',
    config.onChange((next) => metrics.enable(next.metrics.enabled)),
  );
  if (tools.manager) lifecycle.own('bounds of scopes', tools.manager.follow(config));
  const auth = createAuthService({ ...shared, ownerToken });
  const root = (): string => withoutLinks(config.current.worktrees.root ?? paths.worktreesDir);
  const searchPath = tools.ownEnv.PATH;
  const policy = createPolicyService({ ...shared, policy: () => config.current.policy, searchPath, ownRoots: () => [root()] });
  const { credentials, logins } = wireCredentials({ options, tools, store, config, lifecycle });
  const projects = createProjectService({ ...shared, git });
  const catalogue = createCatalogue({ files, now: () => clock.now(), builtins: builtinNames, cronProblem, userDir: paths.userCommandsDir });
  const artifacts = createArtifactService({ ...shared, process: tools.process, policy });
  // Side by side go checkouts, which are work for a core each.
  const queue = createKeyedQueue(availableParallelism());
  const portRange = () => config.current.leases.ports;
  const leases = createLeaseService({ ...shared, queue, isPortFree, portRange });
  const ownEnvironment = tools.ownEnv;
  const passedOn = () => policy.narrow(credentials.take(ownEnvironment, []).environment);
  const leftovers = createLeftovers({ dir: paths.stepsDir });
  const hooks = createHooks({
    ...{ process: tools.process, leftovers, policy, ownEnvironment, passedOn },
    configured: () => config.current.hooks,
  });
  const eventHooks = createEventHooks({
    ...{ process: tools.process, log, policy, ownEnvironment, passedOn },
    configured: () => config.current.hooks.events,
    directory: paths.stateDir,
  });
  lifecycle.own('event hooks', () => eventHooks.stop());
  lifecycle.own('events of hooks', store.onEvents(eventHooks.take));
  const copyRules = () => config.current.worktrees.copy;
  const wantedBy = async (projectPath: string): Promise<number> => (await config.forProject(projectPath)).worktrees.spares;
  const spares = createSpares({ ...shared, git, queue, root, wantedBy });
  lifecycle.own('spare worktrees', () => spares.stop());
  const worktrees = createWorktreeService({ ...shared, git, proc, queue, root, hooks, copyRules, leases, spares });
  lifecycle.own('worktree deletions', () => worktrees.idle());
  const terminals = createTerminalService({
    ...{ ...shared, tmux, stepFiles, exits, killTree, leftovers },
    otherTmux: tools.otherTmux,
    isOwnSocket: (path) => isServerSocket(paths.tmuxSocketPath, path),
    environment: tools.ownEnv,
  });
  const resources = createResources({
    ...{ store, clock, files, git, worktrees, terminals, tmux, policy },
    places: paths,
    which: tools.process.which,
  });

  const envFiles = createEnvFiles(paths.environmentDir);
  const steps = createStepRunner({
    ...shared,
    random: options.random,
    again,
    ...{ deadlines, stepFiles, exits, tmux, files, git, killTree, leftovers, agents, availability, policy, credentials, envFiles },
    startProcess: (request) => metrics.timed('step.spawn', () => startStepProcess(tools.spawner, request)),
    isAlive: proc.isAlive,
    socketPath: paths.socketPath,
  });
  const agentPlaceOf = createAgentPlaces({
    ...{ store, policy, files, git, envFiles, leftovers },
    ...{ socketPath: paths.socketPath, tmux },
  });
  const driven = createDrivenSessions();
  const daemonSteps = createDaemonStepRunner({
    ...shared,
    driven,
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
    proc,
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
    killTree,
    leftovers,
    onFinished: () => admitMore(),
  });
  lifecycle.own('session runner', () => runner.stop());
  const maxRunning = (): number => config.current.sessions.max_running ?? Math.max(10, 2 * options.cores);
  const admission = createAdmission({ store, clock, runner, envFiles, leftovers, maxRunning });
  const admitMore = (): void => {
    admission
      .admit()
      .catch((error: unknown) => log.error({ err: error }, 'waiting sessions could not be let in; the next end of one tries again'));
  };
  lifecycle.own('admission', config.onChange(admitMore));
  const settle = (): void =>
    void config.settle(byDaemon.actor).catch((error: unknown) => log.error({ err: error }, 'a configuration that was held back stays so'));
  lifecycle.own(
    'held configuration',
    store.onEvents((events) => events.some(({ type }) => type === 'session.finished') && settle()),
  );
  const sessions = createSessionService({
    ...{ store, clock, ids, queue, projects, catalogue, auth, git, tmux, files, envFiles },
    ...{ leftovers, admission, runner, terminals, worktrees },
    ...{ artifacts, agents, policy, credentials, proc },
    ...(tools.manager === undefined ? {} : { usageOf: (session) => usageOfSession({ store, stepFiles }, session) }),
    artifactsDir: paths.artifactsDir,
    configFor: async (projectPath) => {
      const { sessions, worktrees } = await config.forProject(projectPath);
      const { timeout: budgetSeconds, shell } = sessions;
      return {
        budgetSeconds,
        pinned: { worktreesRoot: withoutLinks(worktrees.root ?? paths.worktreesDir), ...(shell === undefined ? {} : { shell }) },
      };
    },
    builtinsFor,
    ownEnvironment,
    userName: options.userName,
  });
  const specTasks = createSpecTaskServices({
    ...wiring,
    ...{
      agents,
      availability,
      catalogue,
      projects,
      sessions,
      worktrees,
      terminals,
      artifacts,
      policy,
      config,
      envFiles,
      driven,
      agentPlaceOf,
    },
    worktreesRoot: root,
  });
  const groups = createGroupService({ ...shared, deadlines, sessions, envFiles, queue: createKeyedQueue() });
  lifecycle.own('groups', () => groups.stop());
  const gates = createGateService({
    ...{ agents, groups, availability },
    configured: () => config.current.quality_gates,
    ownEnvironment,
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
    examineAgents: () => examineAgents(config.current, availability, tools.ownEnv),
  });
  const output = createOutputWatch({ store, feed, clock });
  const { databasePath, backupDir } = paths;
  const care = createCare({ process: tools.process, again, databasePath, program: options.careProgram });
  const upkeep = createUpkeep({ store, clock, log, config, artifacts, worktrees, care, databasePath, backupDir });
  return {
    ...{ store, clock, ids, log, feed, config, projects, catalogue, sessions, schedules, output, worktrees, terminals, artifacts, leases },
    ...{ groups, gates, agents, models, availability, ownEnvironment, auth, policy, logins },
    ...{ metrics, doctor, upkeep, git, tmux, daemon, builtinsFor, spares },
    ...specTasks,
  };
}
