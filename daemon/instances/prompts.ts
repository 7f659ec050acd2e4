// Prompts with their receipts: queued → submitted → accepted, or failed with why. Each leaves once.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { BlockedReason } from '../../schemas/work-session.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { Change } from '../store/tables/table.ts';
import { freshThread, threadSubject } from './transition.ts';

export interface NewPrompt {
  readonly threadId: string;
  readonly workSessionId?: string;
  readonly content: string;
  /** The running turn ends first. */
  readonly interrupt?: boolean;
  readonly origin: string;
  /** Of the caller's, so that a second call is the same prompt. */
  readonly id?: string;
}

export function enqueuePrompt(w: Writer, { ids, now }: { ids: Ids; now: number }, wanted: NewPrompt): PromptRecord {
  const known = wanted.id === undefined ? undefined : w.prompts.get(wanted.id);
  if (known) return known;
  const thread = freshThread(w, wanted.threadId);
  const waiting = w.prompts.openOf(thread.id).length;
  if (waiting >= limits.promptsQueued) {
    throw new Failure('LIMIT_EXCEEDED', `${waiting} prompts wait for thread "${thread.id}" already; let it answer some first.`, {
      details: { limit: limits.promptsQueued, value: waiting + 1 },
    });
  }
  const { threadId, content, interrupt = false, origin, workSessionId = thread.workSessionId } = wanted;
  const prompt: PromptRecord = {
    ...{ id: wanted.id ?? ids.next('prm'), threadId, content, interrupt, origin, status: 'queued', attempts: 0, createdAt: now },
    ...(workSessionId === undefined ? {} : { workSessionId }),
  };
  w.prompts.insert(prompt);
  tell(w, prompt, origin);
  return prompt;
}

export function changePrompt(w: Writer, prompt: PromptRecord, change: Change<PromptRecord>, now: number): PromptRecord {
  const isSettled = change.status === 'accepted' || change.status === 'failed';
  w.prompts.change(prompt.id, { ...change, ...(isSettled ? { settledAt: now } : {}) });
  const after = w.prompts.get(prompt.id) ?? prompt;
  if (change.status !== undefined && change.status !== prompt.status) tell(w, after, 'daemon');
  return after;
}

function tell(w: Writer, prompt: PromptRecord, actor: string): void {
  const { id: promptId, threadId, workSessionId, status, proof, failure } = prompt;
  const thread = threadId === undefined ? undefined : w.threads.get(threadId);
  if (!thread) return;
  const data = {
    ...{ promptId, status },
    ...(workSessionId === undefined ? {} : { workSessionId }),
    ...(proof === undefined ? {} : { proof }),
    ...(failure === undefined ? {} : { failure }),
  };
  w.events.append({ type: 'prompt.changed', subject: threadSubject(w, thread), actor, data });
}

/** Fails all that waits, and what is under way. */
export function failOpenPrompts(w: Writer, threadId: string, failure: string, now: number): void {
  for (const prompt of w.prompts.openOf(threadId)) changePrompt(w, prompt, { status: 'failed', failure }, now);
}

/** While blocked for these a work session gets no prompt: what it is asked for the others is an answer. */
const holdingBack: readonly (BlockedReason | undefined)[] = ['paused', 'waiting_session', 'dependency_failed', 'instance_lost'];

/** The one that may leave now. */
export function nextPrompt(r: Reader, thread: ThreadRecord, now: number): PromptRecord | undefined {
  if (thread.status !== 'active' || thread.turn !== 'idle') return undefined;
  if (thread.wakeAt !== undefined && thread.wakeAt > now) return undefined;
  // Until it is known what the agent calls the conversation, only the first prompt leaves.
  if (thread.externalId === undefined && r.prompts.lastSent(thread.id) !== undefined) return undefined;
  const workSession = thread.workSessionId === undefined ? undefined : r.workSessions.get(thread.workSessionId);
  if (workSession?.status === 'blocked' && holdingBack.includes(workSession.blockedReason)) return undefined;
  return r.prompts.openOf(thread.id).find(({ status }) => status === 'queued');
}
