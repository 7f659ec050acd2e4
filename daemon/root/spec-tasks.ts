// Spec tasks, wired: from the request to what lands. Each part gets what it names and nothing else.

import type { ConfigService } from '../config/service.ts';
import type { Services } from '../handlers/services.ts';
import type { AgentPlaceOf } from '../sessions/agent-environment.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
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

export function createSpecTaskServices(_: SpecTaskWiring) {
  return {};
}
