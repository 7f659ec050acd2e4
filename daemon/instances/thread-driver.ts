// Carries out what a thread needs next: one action, with the rows that say so.
import { isFailure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { Adapter } from './adapter.ts';
import type { Connection } from './connections.ts';
import { failThread, type HostEventDeps, reopenLater } from './host-events.ts';
import { type Action, nextAction } from './next-action.ts';
import { settlePermission } from './permissions.ts';
import { enqueuePrompt, nextPrompt } from './prompts.ts';
import type { Threads } from './threads.ts';
import { changeThread, freshThread, threadSubject } from './transition.ts';
import { endTurn, submitPrompt, takeBack } from './turns.ts';

export interface ThreadDriverDeps extends HostEventDeps {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Ids;
  readonly threads: Pick<Threads, 'cancelTurn'>;
  /** What waits for a work session, marked as delivered in the same transaction. */
  readonly takeDeliveries: (w: Writer, workSessionId: string) => string | undefined;
}

export interface Step {
  /** Something was done, so there may be more. */
  readonly done: boolean;
  /** When it is to be looked at again, should nothing happen before. */
  readonly until: number;
}

const never = Number.POSITIVE_INFINITY;
const sendTries = 3;
const resumePrompt = 'A usage limit stopped you, and it is over. Go on with what you were asked last.';

export async function driveThread(deps: ThreadDriverDeps, adapter: Adapter, connection: Connection, threadId: string): Promise<Step> {
  const { store, clock } = deps;
  const action = store.read((r) => nextAction(factsOf(r, connection, threadId, clock.now())));
  if (action.do === 'wait') return { done: false, until: action.until };
  const done = await carryOut(deps, { adapter, connection, action, threadId });
  return { done, until: never };
}

function factsOf(r: Reader, { told, hosted }: Connection, threadId: string, now: number) {
  const thread = freshThread(r, threadId);
  const current = thread.turn === 'idle' ? undefined : r.prompts.lastSent(threadId);
  return {
    ...{ thread, told, now, current, isHosted: hosted.has(threadId) },
    next: nextPrompt(r, thread, now),
    isInterrupted: current !== undefined && r.prompts.openOf(threadId).some(({ status, interrupt }) => status === 'queued' && interrupt),
    unsettled: r.permissions.unsettledOf(threadId),
  };
}

interface Work {
  readonly adapter: Adapter;
  readonly connection: Connection;
  readonly action: Exclude<Action, { do: 'wait' }>;
  readonly threadId: string;
}

async function carryOut(deps: ThreadDriverDeps, work: Work): Promise<boolean> {
  const { connection, action, threadId } = work;
  const { client, told } = connection;
  const { store, clock } = deps;
  const now = clock.now();
  switch (action.do) {
    case 'open':
      return openThread(deps, work);
    case 'submit':
      return store.write((w) => submit(deps, w, threadId, action.prompt.id, now));
    case 'send':
      told.add(action.key);
      await sendPrompt(deps, connection, threadId, action.prompt);
      return true;
    case 'permit': {
      told.add(action.key);
      const { requestKey, answer } = action.permission;
      const order = client.call('permit', { threadId, requestKey, ...(answer === undefined ? {} : { optionId: answer }) });
      await refusedBy(connection, order, () => store.write((w) => notAsked(deps, w, action.permission.id, now)));
      return true;
    }
    case 'cancel':
      told.add(action.key);
      await refusedBy(connection, client.call('cancel', { threadId }), () => store.write((w) => notThere(deps, w, threadId, now)));
      return true;
    case 'close':
    case 'kill':
      told.add(action.key);
      await client.call('close', { threadId });
      return true;
    case 'resumeLimited':
      return store.write((w) => resumeLimited(deps, w, threadId, now));
    case 'noteSilence':
      await store.write((w) => changeThread(w, threadId, {}, { source: 'output' }, now));
      return true;
    case 'raiseSilence':
      told.add(action.key);
      await store.write((w) => raiseSilence(deps, w, threadId));
      return true;
    case 'cancelSilent':
      await store.write((w) => deps.threads.cancelTurn(w, threadId));
      return true;
  }
}

async function openThread({ store, clock }: ThreadDriverDeps, { adapter, connection, action, threadId }: Work): Promise<boolean> {
  const thread = store.read((r) => freshThread(r, threadId));
  const launch = await adapter.launchOf(thread).catch((error: unknown) => {
    if (isFailure(error)) return error;
    throw error;
  });
  if (launch === undefined) return false;
  if (isFailure(launch)) {
    await store.write((w) => isOver(freshThread(w, threadId)) || failThread(w, freshThread(w, threadId), launch.message, clock.now()));
    return true;
  }
  const generation = thread.generation + 1;
  await store.write((w) => changeThread(w, threadId, { generation, wakeAt: null }, { source: 'process' }, clock.now()));
  // What a former generation left still holds its place in the host.
  if (thread.generation > 0) await connection.client.call('close', { threadId });
  connection.told.add(action.key);
  const { externalId } = thread;
  await connection.client.call('open', { threadId, generation, ...launch, ...(externalId === undefined ? {} : { externalId }) });
  connection.hosted.add(threadId);
  return true;
}

function isOver({ status }: ThreadRecord): boolean {
  return status === 'completed' || status === 'failed';
}

function submit(deps: ThreadDriverDeps, w: Writer, threadId: string, promptId: string, now: number): boolean {
  const thread = freshThread(w, threadId);
  const prompt = nextPrompt(w, thread, now);
  if (prompt?.id !== promptId) return true;
  const deliveries = thread.workSessionId === undefined ? undefined : deps.takeDeliveries(w, thread.workSessionId);
  submitPrompt(w, thread, prompt, deliveries, now);
  return true;
}

/** A connection that broke says nothing about the prompt: the log of the host does, on the next one. */
async function sendPrompt(deps: ThreadDriverDeps, connection: Connection, threadId: string, { id: promptId, content }: PromptRecord): Promise<void> {
  const { store, clock } = deps;
  await refusedBy(connection, connection.client.call('prompt', { threadId, promptId, content }), (why) =>
    store.write((w) => {
      const thread = freshThread(w, threadId);
      const prompt = w.prompts.get(promptId);
      if (prompt?.status !== 'submitted' || thread.turn === 'idle') return;
      if (prompt.attempts < sendTries) {
        takeBack(w, thread, prompt, clock.now());
        return;
      }
      endTurn(deps, w, thread, { stopReason: 'not_sent', source: 'process', prompt: { failure: why } }, clock.now());
    }),
  );
}

/** Only what the host itself refused is refused. */
async function refusedBy(connection: Connection, order: Promise<unknown>, onRefused: (why: string) => Promise<unknown>): Promise<void> {
  try {
    await order;
  } catch (error) {
    if (!isFailure(error) || !connection.isOpen || (error.kind !== 'NOT_FOUND' && error.kind !== 'PRECONDITION')) throw error;
    await onRefused(error.message);
  }
}

function notAsked(deps: ThreadDriverDeps, w: Writer, permissionId: string, now: number): void {
  const permission = w.permissions.get(permissionId);
  if (permission && !permission.settled) settlePermission(deps, w, permission, 'the agent does not wait for it any more', now);
}

/** The host has no process of it. */
function notThere(deps: ThreadDriverDeps, w: Writer, threadId: string, now: number): void {
  const thread = freshThread(w, threadId);
  if (thread.status !== 'active') return;
  const why = 'its agent process is gone';
  if (thread.turn !== 'idle')
    endTurn(deps, w, thread, { stopReason: 'interrupted', interrupted: true, source: 'exit', prompt: { failure: why } }, now);
  reopenLater(deps, w, freshThread(w, threadId), why, now);
}

/** Once: the wake time is gone with the transaction that queues the prompt. */
function resumeLimited({ ids }: ThreadDriverDeps, w: Writer, threadId: string, now: number): boolean {
  const { wakeAt, status, turn } = freshThread(w, threadId);
  if (wakeAt === undefined || wakeAt > now || status !== 'active' || turn !== 'idle') return true;
  changeThread(w, threadId, { wakeAt: null }, { source: 'protocol' }, now);
  enqueuePrompt(w, { ids, now }, { threadId, content: resumePrompt, origin: 'daemon' });
  return true;
}

function raiseSilence({ attention }: ThreadDriverDeps, w: Writer, threadId: string): void {
  const thread = freshThread(w, threadId);
  attention.raise(w, {
    ...{ kind: 'silent', refId: threadId, title: `The agent "${thread.agent}" says nothing in its turn` },
    ...{ remedy: 'look at its transcript; a turn that stays silent is cancelled after 15 minutes', ...threadSubject(w, thread) },
  });
}

