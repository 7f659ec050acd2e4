// The session of a work session: a worktree of its own, what sets it up, and one step that lasts as long as the agent works.
import type { CommandDefinition, CommandStep } from '../commands/definition.ts';
import { ownDefinition } from '../commands/own-command.ts';
import { shellWord } from '../kernel/shell-word.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

export interface AgentPlaceWish {
  readonly name: string;
  readonly branch: string;
  /** A commit. */
  readonly base: string;
}

export function agentSession(
  { name, branch, base }: AgentPlaceWish,
  { workspaceConfig, implementation }: SpecTaskRecord,
): CommandDefinition {
  const plain = { phase: 'main', args: {}, env: {}, continueOnError: false } as const;
  const setup = workspaceConfig.setup.map(
    (argv, at): CommandStep => ({
      ...plain,
      index: at + 1,
      name: `setup-${at + 1}`,
      type: 'shell',
      action: argv.map(shellWord).join(' '),
      runIn: 'process',
    }),
  );
  const agent: CommandStep = {
    ...plain,
    index: setup.length + 1,
    name: 'agent',
    type: 'builtin',
    action: 'agent-thread',
    timeoutSeconds: 0,
  };
  return ownDefinition(
    name,
    { name: 'agent', type: 'builtin', action: 'agent-thread' },
    {
      steps: [...setup, agent],
      timeoutSeconds: 0,
      environment: { ...workspaceConfig.env, ...implementation?.env },
      worktree: {
        declared: true,
        branch,
        base,
        keep: 'always',
        ...(workspaceConfig.copy.length === 0 ? {} : { copy: workspaceConfig.copy }),
      },
      session: { declared: true, environment: {}, windows: [], keep: 'never' },
    },
  );
}
