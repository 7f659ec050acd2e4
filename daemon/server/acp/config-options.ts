// What an editor may choose for a thread: its agent, and what that agent offers. Pure.
import type { SessionConfigOption, SessionModeState } from '@agentclientprotocol/sdk';

/** What an agent said when its conversation was opened, by its host. */
export interface Offered {
  readonly modes?: unknown;
  readonly models?: unknown;
}

interface Models {
  readonly currentModelId: string;
  readonly availableModels: readonly { readonly modelId: string; readonly name: string; readonly description?: string | null }[];
}

export function configOptionsOf(agents: readonly string[], agent: string, offered: Offered): SessionConfigOption[] {
  const models = modelsOf(offered);
  const names = agents.includes(agent) ? agents : [agent, ...agents];
  return [
    {
      ...{ id: 'agent', name: 'Agent', description: 'Another one begins a conversation of its own in the same worktree.' },
      ...{ type: 'select', category: '_agent', currentValue: agent, options: names.map((name) => ({ value: name, name })) },
    },
    ...(models === undefined
      ? []
      : [
          {
            ...{ id: 'model', name: 'Model', type: 'select' as const, category: 'model', currentValue: models.currentModelId },
            options: models.availableModels.map(({ modelId, name }) => ({ value: modelId, name })),
          },
        ]),
  ];
}

export function withModel(offered: Offered, currentModelId: string): Offered {
  const models = modelsOf(offered);
  return models === undefined ? offered : { ...offered, models: { ...models, currentModelId } };
}

export function modesOf({ modes }: Offered): SessionModeState | undefined {
  const found = (modes ?? {}) as Partial<SessionModeState>;
  return typeof found.currentModeId === 'string' && Array.isArray(found.availableModes) ? (found as SessionModeState) : undefined;
}

function modelsOf({ models }: Offered): Models | undefined {
  const found = (models ?? {}) as Partial<Models>;
  return typeof found.currentModelId === 'string' && Array.isArray(found.availableModels) ? (found as Models) : undefined;
}
