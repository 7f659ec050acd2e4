// Spec tasks, wired: from the request to what lands. Each part gets what it names and nothing else.

import { join } from 'node:path';
import { ImplementationSettings } from '../../schemas/spec-task.ts';
import { createAttentionService } from '../attention/service.ts';
import { runnable } from '../commands/catalogue.ts';
import type { ConfigService } from '../config/service.ts';
import { createCoordination } from '../coordination/service.ts';
import type { Services } from '../handlers/services.ts';
import { createAgentHosting } from '../instances/agent-host.ts';
import { createPermissionService } from '../instances/permissions.ts';
import { createInstanceReactor } from '../instances/reactor.ts';
import { createReports } from '../instances/reports.ts';
import { createInstanceService } from '../instances/service.ts';
import { createTerminalHosting } from '../instances/terminal-hosting.ts';
import { createThreads } from '../instances/threads.ts';
import { byDaemon } from '../kernel/origin.ts';
import { sleep } from '../kernel/retry.ts';
import { createLanding } from '../merging/landing.ts';
import { createMergingService } from '../merging/service.ts';
import { overviewOf } from '../overview/overview.ts';
import type { AgentPlaceOf } from '../sessions/agent-environment.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import { parsePlan } from '../spec-tasks/plan/parse-plan.ts';
import { createPlanning } from '../spec-tasks/planning/service.ts';
import { createRowsForPlan } from '../spec-tasks/rows-for-plan.ts';
import { createSpecTaskService } from '../spec-tasks/service.ts';
import { createSources } from '../spec-tasks/sources.ts';
import { createTaskTemplates } from '../spec-tasks/templates.ts';
import type { Reader } from '../store/store.ts';
import { fetchText } from '../tools/fetch-text.ts';
import { watchFile } from '../tools/watch.ts';
import { implementWithin } from '../work-sessions/implementing.ts';
import { scheduleOf } from '../work-sessions/reactor/facts.ts';
import { createWorkReactor } from '../work-sessions/reactor/reactor.ts';
import { createWorkSessionService } from '../work-sessions/service.ts';
import { createSaving } from '../worktrees/saving.ts';
import type { Wiring } from './services.ts';

/** What the rest of the domain lends to spec tasks. */
export interface SpecTaskWiring
  extends Wiring,
    Pick<Services, 'agents' | 'availability' | 'catalogue' | 'projects' | 'sessions' | 'worktrees' | 'terminals' | 'artifacts' | 'policy'> {
  readonly config: ConfigService;
  readonly envFiles: EnvFiles;
  readonly driven: DrivenSessions;
  readonly agentPlaceOf: AgentPlaceOf;
  /** Where worktrees go. */
  readonly worktreesRoot: () => string;
}

type Made =
  | 'specTasks'
  | 'overview'
  | 'planning'
  | 'landing'
  | 'workSessions'
  | 'instances'
  | 'instanceService'
  | 'reports'
  | 'threads'
  | 'permissions'
  | 'work'
  | 'attention'
  | 'coordination';

export function createSpecTaskServices(wiring: SpecTaskWiring): Pick<Services, Made> {
  const { options, tools, store, feed, config, agents, projects, catalogue, envFiles, driven, sessions, worktrees, lifecycle } = wiring;
  const { clock, paths } = options;
  const { log } = options.log;
  const { ids, git, files, process } = tools;
  const shared = { store, clock, ids };
  const limits = () => config.current.spec_tasks.limits;
  const attention = createAttentionService(shared);
  const coordination = createCoordination({ ...shared, log });
  lifecycle.own('messages', () => coordination.stop());
  const threads = createThreads({ clock, ids, attention });
  const rowsFor = createRowsForPlan(shared);
  const implementing = { ...shared, agents, rowsFor, slotsPerTask: () => limits().slots_per_task };
  const waits = (r: Reader) => scheduleOf(r, limits()).waits;
  const specTasks = createSpecTaskService({
    ...{ ...shared, git, projects, agents, envFiles, attention, parsePlan, rowsFor },
    implement: (w, id, origin) => void implementWithin(implementing, w, id, wholeTask, origin),
    templates: createTaskTemplates({ files }),
    sources: createSources({ process, fetchText, environment: tools.ownEnv }),
    defaults: () => {
      const { planning_agent, implementation_agents, adapter } = config.current.spec_tasks;
      return { planningAgent: planning_agent, implementationAgents: implementation_agents, adapter };
    },
    assertCommand: async (projectPath, name) => void runnable(await catalogue.get(projectPath, name)),
  });
  const overview = (id: string) => overviewOf({ store, epoch: () => feed.epoch, waits }, id);
  const planning = createPlanning({
    ...{ store, clock, agents, catalogue, envFiles, files, git, log, sessions, driven, threads },
    submit: specTasks.submit,
    maxPlanning: () => config.current.spec_tasks.max_planning,
  });
  lifecycle.own('planning', () => planning.stop());
  lifecycle.own('planning limit', config.onChange(planning.lookAtQueue));
  const merging = createMergingService({
    ...{ store, git, worktrees, process },
    verifyDir: join(paths.stateDir, 'verify'),
    verifyTimeoutMs: () => config.current.spec_tasks.verify_timeout * 1_000,
  });
  const landing = createLanding({
    ...{ store, clock, log, git, merging, worktrees, threads, attention },
    forget: (id) => envFiles.remove(id),
  });
  const dirOf = (id: string): string => join(paths.stateDir, 'hosts', id);
  const instanceService = createInstanceService({ store, clock, threads, dirOf });
  const permissionsOf = (agent: string) => (agents.has(agent) ? agents.get(agent).permissions : 'ask');
  const reports = createReports({ ...shared, attention, threads, permissionsOf });
  const { tmux, stepFiles, exits } = tools;
  const inTerminals = createTerminalHosting({
    store,
    clock,
    log,
    dirOf,
    tmux,
    stepFiles,
    exits,
    watchFile,
    sleep: (ms) => sleep(clock, ms),
  });
  lifecycle.own('agents in terminals', () => inTerminals.close());
  const instances = createInstanceReactor({
    ...{ ...shared, log, feed, attention, threads, agents, deadlines: tools.deadlines, agentPlaceOf: wiring.agentPlaceOf },
    permissionsOf,
    mcpServersOf: envFiles.mcpServersOf,
    hostings: {
      acp: createAgentHosting({ store, sessions, dirOf, hostProgram: options.hostProgram, ownEnvironment: tools.ownEnv }),
      tmux: inTerminals,
    },
    takeDeliveries: coordination.takeDeliveries,
  });
  lifecycle.own('instances', () => instances.stop());
  const saving = createSaving({ store, git, root: wiring.worktreesRoot, copyRules: () => config.current.worktrees.copy });
  const saveWork = async (worktreeId: string): Promise<void> => {
    const { worktree, project } = store.read((r) => {
      const found = r.worktrees.get(worktreeId);
      return { worktree: found, project: found && r.projects.get(found.projectId) };
    });
    if (worktree && project) await saving.save(project, worktree, byDaemon);
  };
  const work = createWorkReactor({
    ...{ ...shared, log, attention, threads, merging, sessions, driven, envFiles, limits },
    saveWork,
    blocksOf: coordination.blocksOf,
    announce: coordination.announce,
    callsForTurn: coordination.callsForTurn,
  });
  lifecycle.own('work sessions', () => work.stop());
  lifecycle.own('limits of work sessions', config.onChange(work.pokeAll));
  const permissions = createPermissionService({ ...shared, attention });
  const workSessions = createWorkSessionService({
    ...{ ...shared, parsePlan, agents, rowsFor, threads, attention, limits, git },
    createTask: specTasks.create,
    envFiles,
    policy: wiring.policy,
  });
  return {
    specTasks,
    overview,
    planning,
    landing,
    workSessions,
    instances,
    instanceService,
    reports,
    threads,
    permissions,
    work,
    attention,
    coordination,
  };
}

/** What starting a task without a plan asks for. */
const wholeTask = { ...ImplementationSettings.parse({}), select: 'all', includeDependencies: false, dryRun: false } as const;
