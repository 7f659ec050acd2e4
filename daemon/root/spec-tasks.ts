// Spec tasks, wired: from the request to what lands. Each part gets what it names and nothing else.

import { Failure } from '../../schemas/errors.ts';
import { ImplementationSettings } from '../../schemas/spec-task.ts';
import { createAttentionService } from '../attention/service.ts';
import { runnable } from '../commands/catalogue.ts';
import type { ConfigService } from '../config/service.ts';
import type { Services } from '../handlers/services.ts';
import { createMergingService } from '../merging/service.ts';
import type { AgentPlaceOf } from '../sessions/agent-environment.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import { createLanding } from '../spec-tasks/landing.ts';
import { parsePlan } from '../spec-tasks/plan/parse-plan.ts';
import type { PlannerThreads } from '../spec-tasks/planning/deps.ts';
import { createPlanning } from '../spec-tasks/planning/service.ts';
import { createRowsForPlan } from '../spec-tasks/rows-for-plan.ts';
import { createSpecTaskService } from '../spec-tasks/service.ts';
import { createSources } from '../spec-tasks/sources.ts';
import { createTaskTemplates } from '../spec-tasks/templates.ts';
import { fetchText } from '../tools/fetch-text.ts';
import { implementWithin } from '../work-sessions/implementing.ts';
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

export function createSpecTaskServices(wiring: SpecTaskWiring): Pick<Services, 'specTasks' | 'planning' | 'landing'> {
  const { options, tools, store, feed, config, agents, projects, catalogue, envFiles, lifecycle } = wiring;
  const { clock } = options;
  const { ids, git, files, process } = tools;
  const shared = { store, clock, ids };
  const attention = createAttentionService(shared);
  const rowsFor = createRowsForPlan(shared);
  const implementing = { ...shared, agents, rowsFor, slotsPerTask: () => config.current.spec_tasks.limits.slots_per_task };
  const specTasks = createSpecTaskService({
    ...{ ...shared, git, projects, agents, envFiles, attention, parsePlan },
    implement: (w, id, origin) => void implementWithin(implementing, w, id, wholeTask, origin),
    templates: createTaskTemplates({ files }),
    sources: createSources({ process, fetchText, environment: tools.ownEnv }),
    defaults: () => {
      const { planning_agent, implementation_agents, adapter } = config.current.spec_tasks;
      return { planningAgent: planning_agent, implementationAgents: implementation_agents, adapter };
    },
    assertCommand: async (projectPath, name) => void runnable(await catalogue.get(projectPath, name)),
    rowsFor,
    epoch: () => feed.epoch,
    waits: () => new Map(),
  });
  const planning = createPlanning({
    ...{ store, clock, agents, catalogue, envFiles, files, git, log: options.log.log },
    ...{ sessions: wiring.sessions, driven: wiring.driven, threads: noThreads },
    submit: specTasks.submit,
    maxPlanning: () => config.current.spec_tasks.max_planning,
  });
  lifecycle.own('planning', () => planning.stop());
  lifecycle.own('planning limit', config.onChange(planning.lookAtQueue));
  const { worktrees } = wiring;
  const verifyTimeoutMs = () => config.current.spec_tasks.verify_timeout * 1_000;
  const landing = createLanding({
    ...{ store, clock, attention, worktrees },
    merging: createMergingService({ store, git, worktrees, process, verifyTimeoutMs }),
    threads: { stopInstance: () => {} },
    forget: (specTaskId) => envFiles.remove(specTaskId),
  });
  return { specTasks, planning, landing };
}

/** What starting a task without a plan asks for. */
const wholeTask = { ...ImplementationSettings.parse({}), select: 'all', includeDependencies: false, dryRun: false } as const;

/** Until instances are there. */
const noThreads: PlannerThreads = {
  ensure: () => {
    throw new Failure('PRECONDITION', 'No agent can be driven yet.', { details: { reason: 'no_instances' } });
  },
  enqueue: () => {
    throw new Failure('PRECONDITION', 'No agent can be driven yet.', { details: { reason: 'no_instances' } });
  },
  close: () => {},
};
