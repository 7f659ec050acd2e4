// What the agent of a thread asks leave for and has no answer to yet. Each request ends once: answered or withdrawn.
import { Failure } from '../../../schemas/errors.ts';
import type { NewHostEvent } from './event-file.ts';
import type { HostEventData } from './protocol.ts';

type Options = HostEventData<'permission.requested'>['options'];

export interface PermissionRequests {
  /** Resolves with what the agent gets as its answer. */
  ask(params: Record<string, unknown>, id: number | string): Promise<unknown>;
  /** Without an option it is withdrawn. False: nothing waits under this key. */
  settle(requestKey: string, optionId: string | undefined): boolean;
  withdrawAll(): void;
}

export interface PermissionRequestsOptions {
  readonly threadId: string;
  readonly generation: number;
  readonly tell: (event: NewHostEvent, sync?: boolean) => void;
}

interface Waiting {
  readonly optionIds: readonly unknown[];
  readonly end: (optionId: string | undefined) => void;
}

export function createPermissionRequests({ threadId, generation, tell }: PermissionRequestsOptions): PermissionRequests {
  const waiting = new Map<string, Waiting>();
  let requests = 0;
  return {
    ask(params, id) {
      requests += 1;
      const requestKey = `${generation}-${requests}-${id}`;
      const { toolCall, options: offered } = params as { toolCall?: { title?: unknown }; options?: unknown };
      const title = typeof toolCall?.title === 'string' ? toolCall.title : 'It asks for permission';
      const options = Array.isArray(offered) ? (offered as Options) : [];
      tell({ kind: 'permission.requested', threadId, data: { requestKey, title, toolCall, options } }, true);
      return new Promise((resolve) => {
        const end = (optionId: string | undefined): void => {
          waiting.delete(requestKey);
          const answer = optionId === undefined ? { how: 'withdrawn' as const } : { how: 'answered' as const, optionId };
          tell({ kind: 'permission.settled', threadId, data: { requestKey, ...answer } }, true);
          resolve({ outcome: optionId === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId } });
        };
        waiting.set(requestKey, { optionIds: options.map((option) => option?.optionId), end });
      });
    },
    settle(requestKey, optionId) {
      const request = waiting.get(requestKey);
      if (request && optionId !== undefined && !request.optionIds.includes(optionId)) {
        throw new Failure('PRECONDITION', `The permission "${requestKey}" has no option "${optionId}": answer with one that it offers.`, {
          details: { reason: 'unknown_option' },
        });
      }
      request?.end(optionId);
      return request !== undefined;
    },
    withdrawAll() {
      for (const { end } of [...waiting.values()]) end(undefined);
    },
  };
}
