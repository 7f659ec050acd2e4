// `[spec_tasks]` of the configuration: who plans and implements by default, and how much at once.
import { z } from 'zod';
import { key } from './config-key.ts';
import { adapters } from './task-words.ts';

const live = <S extends z.ZodType>(schema: S, description: string): S => key(schema, description, { reload: 'live' });
const count = (fallback: number) => z.int().min(0).max(1_000).default(fallback);

const LimitsConfig = z.strictObject({
  spawn_depth: live(count(3), 'How deep work sessions may spawn others; 0 is any depth.'),
  children: live(count(5), 'Children of one work session; 0 is any number.'),
  sessions_per_task: live(count(20), 'Spawned work sessions of a spec task; 0 is any number.'),
  spawns_per_minute: live(count(10), 'Spawned work sessions of a spec task in a minute; 0 is any number.'),
  slots_per_task: live(count(3), 'Work sessions of a spec task that run at once; 0 is any number.'),
  slots: live(count(4), 'Work sessions of all spec tasks that run at once; 0 is any number.'),
});

export const SpecTasksConfig = z.strictObject({
  planning_agent: live(z.string().min(1).max(64).default('claude'), 'Who plans: a registered agent, or "command:<name>".'),
  implementation_agents: live(
    z.array(z.string().min(1).max(64)).min(1).max(20).default(['claude']),
    'Who implements: registered agents; an item of a plan may name one of them, else it is the first.',
  ),
  adapter: live(z.enum(adapters).default('acp'), 'How agents are driven: by ACP in an agent host, or in their own terminals.'),
  max_planning: live(count(2), 'Spec tasks that are planned at once; 0 is any number.'),
  verify_timeout: live(z.int().min(1).max(86_400).default(1_800), 'Seconds that one verify command may take.'),
  limits: LimitsConfig.prefault({}),
});
export type SpecTasksConfig = z.output<typeof SpecTasksConfig>;
