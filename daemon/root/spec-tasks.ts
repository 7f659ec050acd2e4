// Spec tasks, wired: from the request to what lands. Each part gets what it names and nothing else.

import { createAttentionService } from '../attention/service.ts';
import { runnable } from '../commands/catalogue.ts';
import type { ConfigService } from '../config/service.ts';
import { createCoordination } from '../coordination/service.ts';
import type { Services } from '../handlers/services.ts';
import type { AgentPlaceOf } from '../sessions/agent-environment.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import { parsePlan } from '../spec-tasks/plan/parse-plan.ts';
import { createRowsForPlan } from '../spec-tasks/rows-for-plan.ts';
import { createSpecTaskService } from '../spec-tasks/service.ts';
import { createSources } from '../spec-tasks/sources.ts';
import { createTaskTemplates } from '../spec-tasks/templates.ts';
import { fetchText } from '../tools/fetch-text.ts';
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

export function createSpecTaskServices(wiring: SpecTaskWiring): Pick<Services, 'specTasks' | 'attention' | 'coordination'> {
  const { options, tools, store, feed, lifecycle, config, agents, projects, catalogue, envFiles } = wiring;
  const { clock } = options;
  const { ids, git, files, process } = tools;
  const shared = { store, clock, ids };
  const { log } = options.log;
  const attention = createAttentionService(shared);
  const coordination = createCoordination({ ...shared, log });
  lifecycle.own('messages', () => coordination.stop());
  const specTasks = createSpecTaskService({
    ...{ ...shared, git, projects, agents, envFiles, attention, parsePlan },
    templates: createTaskTemplates({ files }),
    sources: createSources({ process, fetchText, environment: tools.ownEnv }),
    defaults: () => {
      const { planning_agent, implementation_agents, adapter } = config.current.spec_tasks;
      return { planningAgent: planning_agent, implementationAgents: implementation_agents, adapter };
    },
    assertCommand: async (projectPath, name) => void runnable(await catalogue.get(projectPath, name)),
    rowsFor: createRowsForPlan(shared),
    epoch: () => feed.epoch,
    waits: () => new Map(),
  });
  return { specTasks, attention, coordination };
}
