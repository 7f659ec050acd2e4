// The whole contract: every method and event by name, and the types that follow from them.
import { z } from 'zod';
import { acpMethods } from './acp.ts';
import { agentMethods } from './agent.ts';
import { artifactEvents, artifactMethods, artifactWriteMethods } from './artifact.ts';
import { attentionEvents, attentionMethods } from './attention.ts';
import { authEvents, authMethods, loginEvents, loginMethods } from './auth.ts';
import { commandMethods } from './command.ts';
import { configEvents, configMethods } from './config-methods.ts';
import { coordinationEvents, coordinationMethods, sharedStateEvents, sharedStateMethods } from './coordination.ts';
import { daemonEvents, daemonMethods } from './daemon.ts';
import { databaseMethods } from './database.ts';
import { defineMethod } from './define.ts';
import { eventMethods } from './event.ts';
import { gateMethods } from './gate.ts';
import { groupEvents, groupMethods } from './group.ts';
import { implTaskEvents, implTaskMethods } from './impl-task.ts';
import { instanceEvents, instanceMethods, threadEvents, threadMethods } from './instance.ts';
import { leaseEvents, leaseMethods } from './lease.ts';
import { modelMethods } from './model.ts';
import { overviewMethods } from './overview.ts';
import { permissionEvents, permissionMethods } from './permission.ts';
import { policyEvents, policyMethods } from './policy.ts';
import { projectEvents, projectMethods } from './project.ts';
import { promptEvents, promptMethods } from './prompt.ts';
import { reviewEvents, reviewMethods } from './review.ts';
import { scheduleEvents, scheduleMethods } from './schedule.ts';
import { sessionEvents, sessionMethods } from './session.ts';
import { specTaskEvents } from './spec-task-events.ts';
import { specTaskMethods } from './spec-task-methods.ts';
import { stepEvents } from './step.ts';
import { terminalEvents, terminalMethods } from './terminal.ts';
import { workSessionMethods } from './work-session.ts';
import { workSessionEvents } from './work-session-events.ts';
import { worktreeEvents, worktreeMethods } from './worktree.ts';

const rpcMethods = {
  'rpc.discover': defineMethod({
    summary: 'This contract as an OpenRPC document.',
    access: 'public',
    effect: 'read',
    params: {},
    result: z.record(z.string(), z.unknown()),
  }),
};

export const methods = {
  ...daemonMethods,
  ...databaseMethods,
  ...acpMethods,
  ...configMethods,
  ...projectMethods,
  ...commandMethods,
  ...sessionMethods,
  ...worktreeMethods,
  ...terminalMethods,
  ...artifactMethods,
  ...artifactWriteMethods,
  ...leaseMethods,
  ...groupMethods,
  ...gateMethods,
  ...scheduleMethods,
  ...agentMethods,
  ...modelMethods,
  ...policyMethods,
  ...specTaskMethods,
  ...overviewMethods,
  ...reviewMethods,
  ...implTaskMethods,
  ...workSessionMethods,
  ...promptMethods,
  ...instanceMethods,
  ...threadMethods,
  ...permissionMethods,
  ...coordinationMethods,
  ...sharedStateMethods,
  ...attentionMethods,
  ...authMethods,
  ...loginMethods,
  ...eventMethods,
  ...rpcMethods,
};
export type Methods = typeof methods;
export type MethodName = keyof Methods;

/** What a caller passes. */
export type ParamsOf<M extends MethodName> = z.input<Methods[M]['params']>;
/** What a handler gets: parsed, defaults filled in, without the fields that the rpc room takes. */
export type OwnParamsOf<M extends MethodName> = z.output<Methods[M]['own']>;
export type ResultOf<M extends MethodName> = z.output<Methods[M]['result']>;

export const events = {
  ...daemonEvents,
  ...configEvents,
  ...projectEvents,
  ...sessionEvents,
  ...stepEvents,
  ...worktreeEvents,
  ...terminalEvents,
  ...artifactEvents,
  ...leaseEvents,
  ...groupEvents,
  ...scheduleEvents,
  ...policyEvents,
  ...specTaskEvents,
  ...reviewEvents,
  ...implTaskEvents,
  ...workSessionEvents,
  ...promptEvents,
  ...instanceEvents,
  ...threadEvents,
  ...permissionEvents,
  ...coordinationEvents,
  ...sharedStateEvents,
  ...attentionEvents,
  ...authEvents,
  ...loginEvents,
};
export type Events = typeof events;
export type EventType = keyof Events;
export type EventData<T extends EventType> = z.input<Events[T]['data']>;
