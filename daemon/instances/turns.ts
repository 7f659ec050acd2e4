// The beginning and the end of a turn, each with all that it changes.
import type { Writer } from '../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { Change } from '../store/tables/table.ts';
import type { Source } from './agent-state.ts';
import { type PermissionDeps, withdrawPermissions } from './permissions.ts';
import { changePrompt } from './prompts.ts';
import { changeThread, threadData, threadSubject } from './transition.ts';

/** The prompt that is on its way or being worked on. */
export function currentPrompt(w: Writer, thread: ThreadRecord): PromptRecord | undefined {
  return thread.turn === 'idle' ? undefined : w.prompts.lastSent(thread.id);
}

/** The prompt becomes `submitted` before it leaves, with what waited for its recipient in front. */
export function submitPrompt(w: Writer, thread: ThreadRecord, prompt: PromptRecord, deliveries: string | undefined, now: number): void {
  const content = deliveries === undefined ? prompt.content : `${deliveries}\n\n${prompt.content}`;
  changePrompt(w, prompt, { status: 'submitted', content, attempts: prompt.attempts + 1 }, now);
  const change = { turn: 'running', lastActivityAt: now, wakeAt: null, cancelRequestedAt: null } as const;
  changeThread(w, thread.id, change, { source: 'process' }, now);
}

/** It provably never reached the agent. */
export function takeBack(w: Writer, thread: ThreadRecord, prompt: PromptRecord, now: number): void {
  changePrompt(w, prompt, { status: 'queued' }, now);
  changeThread(w, thread.id, { turn: 'idle' }, { source: 'process' }, now);
}

export interface TurnEnd {
  readonly stopReason: string;
  readonly source: Source;
  /** Its agent process ended over it. */
  readonly interrupted?: boolean;
  readonly detail?: string;
  /** What the prompt comes to when nothing has proved yet that it was accepted. */
  readonly prompt: { readonly proof: string } | { readonly failure: string };
  /** A usage limit: the turn goes on then, so it is none that has ended. */
  readonly wakeAt?: number;
}

export function endTurn(deps: PermissionDeps, w: Writer, thread: ThreadRecord, end: TurnEnd, now: number): void {
  const { stopReason, interrupted = false, source, detail, wakeAt } = end;
  const prompt = currentPrompt(w, thread);
  if (prompt?.status === 'submitted') {
    changePrompt(w, prompt, 'proof' in end.prompt ? { status: 'accepted', ...end.prompt } : { status: 'failed', ...end.prompt }, now);
  }
  withdrawPermissions(deps, w, thread.id, 'its turn ended', now);
  const change: Change<ThreadRecord> = {
    ...({ turn: 'idle', lastActivityAt: now, cancelRequestedAt: null, wakeAt: wakeAt ?? null } as const),
    ...(wakeAt === undefined ? { turns: thread.turns + 1, lastStopReason: stopReason, lastTurnInterrupted: interrupted } : {}),
  };
  const after = changeThread(w, thread.id, change, { source, detail }, now);
  const promptId = prompt === undefined ? {} : { promptId: prompt.id };
  const data = { ...threadData(after), ...promptId, stopReason, interrupted };
  w.events.append({ type: 'thread.turnFinished', subject: threadSubject(w, after), actor: 'daemon', data });
}
