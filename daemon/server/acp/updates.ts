// What an editor is shown, made of what a host wrote down and of what the daemon knows. Pure.
import type { PlanEntry, SessionUpdate, StopReason } from '@agentclientprotocol/sdk';
import type { ImplTask } from '../../../schemas/impl-task.ts';

/** What an agent tells that any editor takes. What it repeats of a prompt is left out: prompts are told from the store. */
const passedOn: readonly string[] = [
  ...['agent_message_chunk', 'agent_thought_chunk', 'tool_call', 'tool_call_update', 'plan'],
  ...['available_commands_update', 'current_mode_update', 'usage_update'],
];

export function updateOfAgent(update: unknown): SessionUpdate | undefined {
  const { sessionUpdate } = (update ?? {}) as { sessionUpdate?: unknown };
  return typeof sessionUpdate === 'string' && passedOn.includes(sessionUpdate) ? (update as SessionUpdate) : undefined;
}

export function said(text: string): SessionUpdate {
  return { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } };
}

export function asked(text: string): SessionUpdate {
  return { sessionUpdate: 'user_message_chunk', content: { type: 'text', text } };
}

const stopReasons: readonly string[] = ['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'];

export function stopReasonOf({ stopReason, cancelled }: { readonly stopReason: string; readonly cancelled: boolean }): StopReason {
  if (cancelled) return 'cancelled';
  return stopReasons.includes(stopReason) ? (stopReason as StopReason) : 'end_turn';
}

/** The plan of the spec task, for an agent that tells none of its own. */
export function planOf(implTasks: readonly ImplTask[]): SessionUpdate {
  const entries = implTasks
    .filter(({ status }) => status !== 'obsolete')
    .map(
      ({ label, title, status, priority }): PlanEntry => ({
        content: `${label}: ${title}`,
        priority: priority === 'critical' ? 'high' : priority,
        status: status === 'completed' || status === 'skipped' ? 'completed' : isUnderWay(status) ? 'in_progress' : 'pending',
      }),
    );
  return { sessionUpdate: 'plan', entries };
}

function isUnderWay(status: ImplTask['status']): boolean {
  return status === 'in_progress' || status === 'assigned' || status === 'blocked';
}

interface StepEvent {
  readonly stepRunId: string;
  readonly name: string;
  readonly phase: string;
  readonly status?: string;
  readonly error?: string;
}

/** A step of its session beside the one that the agent is. */
export function updateOfStep(type: string, step: StepEvent): SessionUpdate | undefined {
  const { stepRunId: toolCallId, name, phase, status, error } = step;
  if (name === 'agent' || phase === 'lifecycle') return undefined;
  if (type === 'step.started') return { sessionUpdate: 'tool_call', toolCallId, title: name, kind: 'execute', status: 'in_progress' };
  if (type !== 'step.finished') return undefined;
  const isGood = status === 'succeeded' || status === 'skipped';
  return {
    ...{ sessionUpdate: 'tool_call_update', toolCallId, status: isGood ? 'completed' : 'failed' },
    ...(error === undefined ? {} : { content: [{ type: 'content', content: { type: 'text', text: error } }] }),
  };
}
