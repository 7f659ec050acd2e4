// How a work session that stood still goes on: by a prompt, by the turn that still runs, or by what its agent has done already.
import { limits } from '../../schemas/limits.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { type ControlDeps, moveBy } from './control.ts';
import { isConversation } from './conversation.ts';

const continuePrompt = 'Go on with your work. Look at what is done already (git status, git log), and do what is left.';

export function goOn(deps: ControlDeps, w: Writer, now: WorkSessionRecord, prompt: string | undefined, origin: Origin): void {
  const thread = w.threads.ofWorkSession(now.id);
  const change = { verifyAttempts: 0 };
  if (!thread || now.sessionId === undefined) {
    const told = prompt === undefined ? {} : { prompt: withBackground(prompt, now.prompt) };
    moveBy(deps, w, now.id, { to: 'pending', stage: 'waiting_dependencies', change: { ...change, ...told } }, origin);
    return;
  }
  if (thread.status === 'completed' && now.sessionId !== undefined) {
    deps.threads.ensure(w, { specTaskId: now.specTaskId, workSessionId: now.id, sessionId: now.sessionId, agent: now.agent });
  }
  const isBusy = thread.turn !== 'idle' || w.prompts.openOf(thread.id).length > 0;
  const isCutOff = thread.turns === 0 || thread.lastTurnInterrupted || thread.lastStopReason === 'cancelled';
  const isTalk = isConversation(now);
  const content = prompt ?? (!isBusy && isCutOff && !isTalk ? continuePrompt : undefined);
  const seen = isBusy ? {} : { turnsSeen: thread.turns };
  if (content !== undefined) {
    deps.threads.enqueue(w, { threadId: thread.id, workSessionId: now.id, content, origin: origin.actor });
  }
  const stage = content !== undefined || isBusy ? 'running' : isTalk ? 'waiting_human' : 'verifying';
  moveBy(deps, w, now.id, { to: 'active', stage, change: { ...change, ...seen } }, origin);
}

/** What is wanted now, and what was asked first as far as there is room. */
export function withBackground(wanted: string, background: string): string {
  return `${wanted}\n\n## What was asked first\n\n${background}`.slice(0, limits.promptChars);
}
