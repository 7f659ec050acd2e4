// What a session of a spec task runs in: a worktree of its own with what the task says of it, and an agent that is driven from outside.
import type { StepStatus } from '../../schemas/step.ts';
import type { CommandDefinition, CommandStep } from '../commands/definition.ts';
import { ownDefinition } from '../commands/own-command.ts';
import { shellLine } from '../kernel/shell-line.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';

export interface Workspace {
  readonly name: string;
  readonly description: string;
  readonly branch: string;
  /** What the branch begins at, unless it is there already. */
  readonly base: string;
}

const agentStep = 'agent';

/** Programs of the task's setup, then the agent. Worktree and branch stay, whatever comes. */
export function agentWorkspace(
  { workspaceConfig }: Pick<SpecTaskRecord, 'workspaceConfig'>,
  { name, description, branch, base }: Workspace,
): CommandDefinition {
  const agent = { name: agentStep, type: 'builtin', action: 'agent-thread' } as const;
  const plain = ownDefinition(name, agent, {});
  const setup = workspaceConfig.setup.map((argv, at): Omit<CommandStep, 'index'> => {
    const step = { name: `setup-${at + 1}`, type: 'shell', action: shellLine(argv), runIn: 'process' } as const;
    return { ...step, phase: 'main', args: {}, env: {}, continueOnError: false };
  });
  return {
    ...plain,
    ...{ description, lifecycle: 'worktree', timeoutSeconds: 0, environment: workspaceConfig.env },
    steps: [...setup, ...plain.steps].map((step, at) => ({ ...step, index: at + 1 })),
    worktree: { declared: true, branch, base, existing: 'reuse', keep: 'always', copy: workspaceConfig.copy },
    session: { ...plain.session, keep: 'always' },
  };
}

/** How far the step of the agent is; undefined for a session that has none. */
export function agentStepStatus(steps: readonly Pick<StepRecord, 'name' | 'type' | 'status'>[]): StepStatus | undefined {
  return steps.find(({ name, type }) => name === agentStep && type === 'builtin')?.status;
}
