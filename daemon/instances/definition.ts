// The session in which an agent host runs: a terminal, and one step that lasts as long as the host.
import type { CommandDefinition } from '../commands/definition.ts';
import { ownDefinition } from '../commands/own-command.ts';
import { shellWord } from '../kernel/shell-word.ts';

export const hostCommand = 'agent-host';

export function hostSession(program: readonly string[], dir: string): CommandDefinition {
  const action = `exec ${[...program, '--dir', dir].map(shellWord).join(' ')}`;
  return ownDefinition(
    hostCommand,
    { name: 'host', type: 'shell', action, runIn: 'tmux', timeoutSeconds: 0 },
    { timeoutSeconds: 0, session: { declared: true, environment: {}, windows: [], keep: 'never' } },
  );
}
