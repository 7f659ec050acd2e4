// What was said in a thread, told to an editor in its order: from the first word, or from where it was left.
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import type { ResultOf } from '../../../schemas/contract.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Offered } from './config-options.ts';
import type { DaemonClient } from './daemon-client.ts';
import type { Prompts } from './prompts.ts';
import { asked, said, stopReasonOf, updateOfAgent } from './updates.ts';

type Entry = ResultOf<'thread.transcript'>['entries'][number];

export interface TranscriptDeps {
  readonly api: DaemonClient['api'];
  readonly workSessionId: string;
  readonly prompts: Prompts;
  /** Resolves when the editor has taken it: nothing piles up for a slow one. */
  readonly tell: (update: SessionUpdate) => Promise<void>;
  /** A prompt that was cancelled before its turn has begun it all the same. */
  readonly onCancelledTurn: () => Promise<void>;
}

export interface Transcript {
  /** Tells what is new. */
  pump(): Promise<void>;
  /** Goes on from the end, telling nothing of what was. */
  skip(): Promise<void>;
  /** Another instance has the thread now, with a count of its own. */
  moved(): void;
  /** What its agent offered when it was opened last. */
  readonly offered: Offered;
  readonly hasOwnPlan: boolean;
  choose(offered: Offered): void;
}

export function createTranscript({ api, workSessionId, prompts, tell, onCancelledTurn }: TranscriptDeps): Transcript {
  let seen = 0;
  let instanceId: string | undefined;
  let isMoved = true;
  let offered: Offered = {};
  let hasOwnPlan = false;

  const threadOf = async (): Promise<string | undefined> => {
    const { threadId } = await api.workSession.get({ id: workSessionId });
    if (threadId === undefined || !isMoved) return threadId;
    const thread = await api.thread.get({ id: threadId });
    if (instanceId !== undefined && instanceId !== thread.instanceId) seen = 0;
    instanceId = thread.instanceId;
    isMoved = false;
    return threadId;
  };
  const read = async (take: (entry: Entry) => Promise<void>): Promise<void> => {
    const id = await threadOf();
    if (id === undefined) return;
    for (;;) {
      const { entries, more } = await api.thread.transcript({ id, after: seen, limit: limits.pageRows });
      for (const entry of entries) {
        note(entry);
        await take(entry);
        seen = entry.seq;
      }
      if (!more) return;
    }
  };
  const note = ({ kind, data }: Entry): void => {
    if (kind === 'thread.opened') offered = data as Offered;
    if (kind === 'update' && updateOfAgent((data as { update: unknown }).update)?.sessionUpdate === 'plan') hasOwnPlan = true;
  };
  const textOf = async (promptId: string): Promise<string | undefined> => {
    for (let cursor: string | undefined; ; ) {
      const page = await api.workSession.listPrompts({ id: workSessionId, limit: limits.pageRows, ...(cursor && { cursor }) });
      const found = page.prompts.find(({ id }) => id === promptId);
      if (found || page.nextCursor === undefined) return found?.content;
      cursor = page.nextCursor;
    }
  };
  const show = async ({ kind, data }: Entry): Promise<void> => {
    const { promptId = '', message = '' } = data as { promptId?: string; message?: string };
    switch (kind) {
      case 'update': {
        const update = updateOfAgent((data as { update: unknown }).update);
        if (update) await tell(update);
        return;
      }
      case 'turn.started': {
        prompts.started(promptId);
        if (prompts.wasCancelled(promptId)) await onCancelledTurn();
        const text = prompts.isOwn(promptId) ? undefined : await textOf(promptId);
        if (text !== undefined) await tell(asked(text));
        return;
      }
      case 'turn.finished':
        prompts.finished(promptId, stopReasonOf(data as Parameters<typeof stopReasonOf>[0]));
        return;
      case 'turn.failed':
        if (!prompts.isOwn(promptId)) await tell(said(`The turn failed: ${message}`));
        prompts.ended(promptId, new Failure('AGENT_FAILED', `The turn failed: ${message}`));
    }
  };
  return {
    pump: () => read(show),
    skip: () => read(async () => undefined),
    moved() {
      isMoved = true;
    },
    get offered() {
      return offered;
    },
    get hasOwnPlan() {
      return hasOwnPlan;
    },
    choose(chosen) {
      offered = chosen;
    },
  };
}
