import type { Handlers } from '../../rpc/bind.ts';
import type { Connection } from '../server/connection.ts';
import { acpHandlers } from './acp.ts';
import { agentHandlers } from './agent.ts';
import { artifactHandlers } from './artifact.ts';
import { attentionHandlers } from './attention.ts';
import { authHandlers } from './auth.ts';
import { commandHandlers } from './command.ts';
import { configHandlers } from './config.ts';
import { coordinationHandlers } from './coordination.ts';
import { daemonHandlers } from './daemon.ts';
import { eventHandlers } from './event.ts';
import { gateHandlers } from './gate.ts';
import { groupHandlers } from './group.ts';
import { implTaskHandlers } from './impl-task.ts';
import { instanceHandlers } from './instance.ts';
import { leaseHandlers } from './lease.ts';
import { modelHandlers } from './model.ts';
import { permissionHandlers } from './permission.ts';
import { policyHandlers } from './policy.ts';
import { projectHandlers } from './project.ts';
import { promptHandlers } from './prompt.ts';
import { reviewHandlers } from './review.ts';
import { rpcHandlers } from './rpc.ts';
import { scheduleHandlers } from './schedule.ts';
import type { Services } from './services.ts';
import { sessionHandlers } from './session.ts';
import { sharedStateHandlers } from './shared-state.ts';
import { specTaskHandlers } from './spec-task.ts';
import { specTaskImplementationHandlers } from './spec-task-implementation.ts';
import { specTaskLandingHandlers } from './spec-task-landing.ts';
import { terminalHandlers } from './terminal.ts';
import { threadHandlers } from './thread.ts';
import { workSessionHandlers } from './work-session.ts';
import { worktreeHandlers } from './worktree.ts';

export function createHandlers(services: Services): Handlers<Connection> {
  return {
    ...acpHandlers(services),
    ...agentHandlers(services),
    ...artifactHandlers(services),
    ...attentionHandlers(services),
    ...authHandlers(services),
    ...commandHandlers(services),
    ...configHandlers(services),
    ...coordinationHandlers(services),
    ...daemonHandlers(services),
    ...eventHandlers(services),
    ...gateHandlers(services),
    ...groupHandlers(services),
    ...implTaskHandlers(services),
    ...leaseHandlers(services),
    ...modelHandlers(services),
    ...policyHandlers(services),
    ...projectHandlers(services),
    ...rpcHandlers(services),
    ...scheduleHandlers(services),
    ...sessionHandlers(services),
    ...reviewHandlers(services),
    ...sharedStateHandlers(services),
    ...specTaskHandlers(services),
    ...specTaskImplementationHandlers(services),
    ...specTaskLandingHandlers(services),
    ...permissionHandlers(services),
    ...terminalHandlers(services),
    ...workSessionHandlers(services),
    ...instanceHandlers(services),
    ...threadHandlers(services),
    ...promptHandlers(services),
    ...worktreeHandlers(services),
  };
}
