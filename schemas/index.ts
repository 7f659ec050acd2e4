export type { Agent } from './agent.ts';
export { type Artifact, artifactKinds } from './artifact.ts';
export type { Attention } from './attention.ts';
export type { Login, LoginStatus, Token } from './auth.ts';
export { type CommandArgument, type CommandSummary, keepPolicies, type PlannedStep, sessionKinds, stepTypes } from './command.ts';
export { Config, type ConfigInput } from './config.ts';
export type { ReloadClass } from './config-key.ts';
export {
  type EventData,
  type Events,
  type EventType,
  events,
  type MethodName,
  type Methods,
  methods,
  type OwnParamsOf,
  type ParamsOf,
  type ResultOf,
} from './contract.ts';
export type { Message } from './coordination.ts';
export { type Access, accessLevels, defineEvent, defineMethod, type Effect, type Scope, scopeGrants, scopes } from './define.ts';
export {
  type ErrorDetails,
  type ErrorKind,
  errorTable,
  Failure,
  isFailure,
  universalErrors,
  type WireError,
} from './errors.ts';
export { type Event, notifications, type Subject } from './event.ts';
export type { Gate } from './gate.ts';
export { type Group, type GroupMember, type GroupOutcome, type GroupStatus, groupKinds } from './group.ts';
export type { ImplTask } from './impl-task.ts';
export type { Instance, Thread } from './instance.ts';
export type { Lease } from './lease.ts';
export { limits } from './limits.ts';
export type { Model } from './model.ts';
export type { Permission } from './permission.ts';
export type { ParsedPlan, PlanDiagnostic, PlanTask } from './plan.ts';
export type { KeptDecision, PolicyConfig, PolicyDecision, PolicyRuleId } from './policy.ts';
export type { Diagnostic } from './primitives.ts';
export type { Project } from './project.ts';
export type { Prompt } from './prompt.ts';
export { foreverMethods, protocol, webSocketTokenPrefix } from './protocol.ts';
export type { Schedule } from './schedule.ts';
export { type Session, SessionStatus, type SessionUsage, sessionStatuses } from './session.ts';
export type { Revision, SpecTask } from './spec-task.ts';
export { type StepAttempt, type StepPhase, type StepRun, StepStatus, stepPhases } from './step.ts';
export type { Terminal, TerminalWindow } from './terminal.ts';
export type { WorkSession } from './work-session.ts';
export type { FileChange, RemovedWorktree, WorkAtRisk, Worktree } from './worktree.ts';
