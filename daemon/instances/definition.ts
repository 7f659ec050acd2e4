// The session in which an agent host runs: a terminal, and one step that lasts as long as the host.
import type { CommandDefinition } from '../commands/definition.ts';
import { ownDefinition } from '../commands/own-command.ts';

export interface HostProgram {
  /** Of node. */
  readonly execPath: string;
  readonly script: string;
}

export function hostSession({ execPath, script }: HostProgram, dir: string): CommandDefinition {
  const action = `exec ${[execPath, script, '--dir', dir].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`;
  return ownDefinition(
    'agent-host',
    { name: 'host', type: 'shell', action, runIn: 'tmux', timeoutSeconds: 0 },
    { timeoutSeconds: 0, session: { declared: true, environment: {}, windows: [], keep: 'never' } },
  );
}
