import { z } from 'zod';
import { Time } from './primitives.ts';

export const agentStates = [
  'starting',
  'working',
  'waiting_input',
  'waiting_permission',
  'rate_limited',
  'idle',
  'exited',
  'unknown',
] as const;

/** What an agent does, and how the daemon knows. No screen decides anything; silence makes it unknown, not idle. */
export const AgentState = z
  .object({
    state: z.enum(agentStates),
    source: z.enum(['protocol', 'hook', 'exit', 'process', 'output']),
    since: Time,
    detail: z.string().optional(),
    wakeAt: Time.optional().describe('With rate_limited: when it goes on.'),
  })
  .meta({ id: 'AgentState' });
export type AgentState = z.infer<typeof AgentState>;
