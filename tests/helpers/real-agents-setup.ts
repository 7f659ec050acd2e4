// Spec tasks done by Claude Code and Codex: a daemon that knows both, over ACP and in terminals, a scripted model, and a home of their own.
import { type ModelStub, startModelStub } from './model-stub.ts';
import { programOf, setUpAgentHome } from './real-agents.ts';
import { type SpecTaskSetup, setUpSpecTasks } from './spec-task-setup.ts';

export interface RealAgentsSetup extends AsyncDisposable {
  readonly model: ModelStub;
  readonly setup: SpecTaskSetup;
  /** What a spec task needs for its agents to find the model. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Agents in terminals ask nobody; `permissions` is for those over ACP. */
export async function setUpRealAgents(options: {
  readonly permissions: 'allow' | 'ask';
  readonly files?: Readonly<Record<string, string>>;
}): Promise<RealAgentsSetup> {
  const { permissions, files = {} } = options;
  const model = await startModelStub();
  const setup = await setUpSpecTasks({ config: agentsConfig(permissions), files });
  const { home } = setup.daemon;
  const agentEnv = setUpAgentHome({ home: home.path('agents'), model: model.url, trusted: [setup.repo.path, home.worktreesDir] });
  return {
    ...{ model, setup },
    environment: { ...home.env(), ...agentEnv, INITIAL_AGENT_MODE: 'workspace-write' },
    async [Symbol.asyncDispose]() {
      await setup[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

const agents = {
  claude: { acp: 'claude-agent-acp', terminal: ['--permission-mode', 'acceptEdits', '--allowedTools', 'Bash'] },
  codex: { acp: 'codex-acp', terminal: ['--sandbox', 'workspace-write', '--ask-for-approval', 'never'] },
} as const;

function agentsConfig(permissions: 'allow' | 'ask'): string {
  return (['claude', 'codex'] as const)
    .flatMap((name) => {
      const { acp, terminal } = agents[name];
      return [
        `[agents.${name}]`,
        `command = ["${programOf(acp)}"]`,
        `terminal = ${JSON.stringify([programOf(name), ...terminal])}`,
        `permissions = "${permissions}"`,
      ];
    })
    .join('\n');
}
