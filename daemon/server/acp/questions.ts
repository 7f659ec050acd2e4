// What waits for an answer: the permissions of agents, and the approval of what a spec task made. Each is asked in every editor that is
// attached; the first answer wins, and the others see the question withdrawn.
import type { PermissionOption, ToolCallUpdate } from '@agentclientprotocol/sdk';
import { isFailure } from '../../../schemas/errors.ts';
import type { Permission } from '../../../schemas/permission.ts';
import type { SpecTask } from '../../../schemas/spec-task.ts';
import type { Log } from '../../kernel/log.ts';
import type { DaemonClient } from './daemon-client.ts';

/** Resolves with the option that was chosen; undefined: none. */
export type AskEditor = (toolCall: ToolCallUpdate, options: PermissionOption[], signal: AbortSignal) => Promise<string | undefined>;

export interface Questions {
  permission(permission: Permission): void;
  review(task: SpecTask): void;
  withdraw(id: string): void;
  withdrawAll(): void;
}

export interface QuestionsDeps {
  readonly api: DaemonClient['api'];
  readonly log: Log;
  readonly ask: AskEditor;
  /** What the editor shall know of an answer that did not count. */
  readonly say: (text: string) => void;
}

const approve = 'approve';
const reviewOptions: PermissionOption[] = [
  { optionId: approve, name: 'Approve', kind: 'allow_once' },
  { optionId: 'later', name: 'Not yet', kind: 'reject_once' },
];

export function createQuestions({ api, log, ask, say }: QuestionsDeps): Questions {
  const open = new Map<string, AbortController>();
  const put = (id: string, toolCall: ToolCallUpdate, options: PermissionOption[], answer: (optionId: string) => Promise<unknown>): void => {
    if (open.has(id)) return;
    const controller = new AbortController();
    open.set(id, controller);
    ask(toolCall, options, controller.signal)
      .then((optionId) => (optionId === undefined || controller.signal.aborted ? undefined : answer(optionId)))
      .catch((error: unknown) => {
        if (controller.signal.aborted) return;
        // Somebody was quicker, or it may not answer: both are for the one who clicked to know.
        if (isFailure(error)) say(error.message);
        else log.warn({ err: error }, 'a question did not get to the editor');
      })
      .finally(() => {
        if (open.get(id) === controller) open.delete(id);
      });
  };
  const withdraw = (id: string): void => {
    open.get(id)?.abort();
    open.delete(id);
  };
  return {
    permission({ id, title, toolCall, options }) {
      const described = (typeof toolCall === 'object' && toolCall !== null ? toolCall : {}) as Partial<ToolCallUpdate>;
      const call = { ...described, toolCallId: String(described.toolCallId ?? id), title };
      put(id, call, options, (optionId) => api.permission.answer({ id, optionId }));
    },
    review({ id, number, name, version }) {
      const call: ToolCallUpdate = {
        ...{ toolCallId: `review-${id}-${version}`, title: `Approve what #${number} "${name}" made`, kind: 'other', status: 'pending' },
      };
      put(id, call, reviewOptions, async (optionId) => {
        if (optionId === approve) await api.specTask.approveImplementation({ id });
      });
    },
    withdraw,
    withdrawAll: () => [...open.keys()].forEach(withdraw),
  };
}
