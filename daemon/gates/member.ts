import type { CommandDefinition } from '../commands/definition.ts';
import { ownDefinition } from '../commands/own-command.ts';

export const memberCommand = 'gate-member';

/**
 * What the session of a member runs: the agent as it is registered at this moment, with the prompt as its input. It has no budget of its
 * own, since its group has a deadline.
 */
export function gateMember(agent: string, argv: readonly string[]): CommandDefinition {
  const step = { name: agent, type: 'agent', action: argv[0] as string, argv, runIn: 'process' } as const;
  return ownDefinition(memberCommand, step, {
    description: `Asks the agent "${agent}" of a gate.`,
    lifecycle: 'standard',
    promptFile: 'prompt.md',
    arguments: [{ name: 'agent', type: 'string', required: true, secret: false }],
    timeoutSeconds: 0,
  });
}
