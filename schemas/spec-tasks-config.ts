import { z } from 'zod';
import { key } from './config-key.ts';
import { Adapter } from './spec-task.ts';

/** 0 is none. */
const bound = (max: number, by: number, description: string) =>
  key(z.int().min(0).max(max).default(by), `${description}; 0 is none.`, { reload: 'live' });

const SpecTaskLimitsConfig = z.strictObject({
  spawn_depth: bound(100, 3, 'How deep work sessions may spawn work sessions'),
  children: bound(1_000, 5, 'Work sessions that one work session may spawn'),
  sessions_per_task: bound(1_000, 20, 'Work sessions of one spec task, spawned ones too'),
  spawns_per_minute: bound(10_000, 10, 'Work sessions that one spec task may spawn in a minute'),
  slots_per_task: bound(100, 3, 'Work sessions of one spec task that run at once'),
  slots: bound(1_000, 4, 'Work sessions of all spec tasks that run at once'),
});

/** A name of `[agents]`, or one of its other names. */
const AgentName = z.string().min(1).max(64);

/** `[spec_tasks]` of the configuration: what a spec task is that says nothing of it, and how much runs at once. */
export const SpecTasksConfig = z.strictObject({
  planning_agent: key(AgentName.default('claude'), 'The agent that writes plans, or "command:<name>".', { reload: 'live' }),
  implementation_agents: key(
    z.array(AgentName).min(1).max(20).default(['claude']),
    'The agents that carry out plans; the first one, unless an item of the plan names another of them.',
    { reload: 'live' },
  ),
  adapter: key(Adapter.default('acp'), 'What serves a spec task: acp, tmux or zed.', { reload: 'live' }),
  max_planning: bound(1_000, 3, 'Spec tasks that are planned at once; further ones wait'),
  limits: SpecTaskLimitsConfig.prefault({}),
});
export type SpecTasksConfig = z.output<typeof SpecTasksConfig>;
