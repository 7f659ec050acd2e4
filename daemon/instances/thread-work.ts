// What the rows of one thread ask of its agent: to be opened, to take a prompt, an answer or a cancel, to be ended.
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { BlockedReason } from '../../schemas/work-session.ts';
import type { Reader } from '../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import { gitDirsOf } from '../tools/git/git-files.ts';
import { withCodexRoots } from './codex-roots.ts';
import type { Hosting } from './hosting.ts';
import { hasEnded, restartDelaysMs } from './machine.ts';
import type { InstanceDeps, Link } from './reactor.ts';
import { obeyMs, silenceOfThread } from './silence.ts';
import { changePrompt, moveThread, setAgentState } from './transition.ts';

/** True when something was done. */
export async function advanceThread(deps: InstanceDeps, hosting: Hosting, thread: ThreadRecord, link: Link): Promise<boolean> {
  const { id, status, turn } = thread;
  if (hasEnded(status)) return close(thread, link);
  if (thread.wakeAt !== undefined && thread.wakeAt > deps.clock.now()) return false;
  if (status === 'pending' || status === 'disconnected') return open(deps, hosting, thread, link);
  if (await answerPermissions(deps, thread, link)) return true;
  const open_ = deps.store.read((r) => r.prompts.openOf(id));
  const interrupt = open_.find((prompt) => prompt.interrupt && prompt.status === 'queued');
  if (turn !== 'idle') return (await cancel(deps, thread, link, interrupt !== undefined)) || mindSilence(deps, thread);
  link.cancelling.delete(id);
  const next =
    open_.find(({ status: sent }) => sent === 'submitted') ??
    (deps.store.read((r) => mayGetPrompts(r, thread)) ? (interrupt ?? open_[0]) : undefined);
  return next === undefined ? false : send(deps, thread, next, link);
}

/** Asked once on each connection, and told how long the agent has to obey by the time of the request. */
async function cancel(deps: InstanceDeps, thread: ThreadRecord, link: Link, isInterrupted: boolean): Promise<boolean> {
  const { id, cancelRequestedAt } = thread;
  if (cancelRequestedAt === undefined) {
    if (isInterrupted) await deps.store.write((w) => deps.threads.cancelTurn(w, id));
    return isInterrupted;
  }
  if (!link.cancelling.has(id)) {
    link.cancelling.add(id);
    await link.host.call('cancel', { threadId: id }).catch(gone);
    return true;
  }
  // Its end interrupts the turn, and the conversation is opened again.
  return deps.clock.now() - cancelRequestedAt >= obeyMs && close(thread, link);
}

/** While blocked for one of these a work session is asked nothing; for the others what it is asked is an answer. */
const holdingBack: readonly (BlockedReason | undefined)[] = ['paused', 'waiting_session', 'dependency_failed', 'instance_lost'];

function mayGetPrompts(r: Reader, { workSessionId }: ThreadRecord): boolean {
  const one = workSessionId === undefined ? undefined : r.workSessions.get(workSessionId);
  return one?.status !== 'blocked' || !holdingBack.includes(one.blockedReason);
}

async function close({ id }: ThreadRecord, link: Link): Promise<boolean> {
  if (link.closing.has(id)) return false;
  link.closing.add(id);
  link.opening.delete(id);
  await link.host.call('close', { threadId: id }).catch(gone);
  return true;
}

/** Asked once on each connection: the host answers by events, and knows a thread that it has. */
async function open(deps: InstanceDeps, hosting: Hosting, thread: ThreadRecord, link: Link): Promise<boolean> {
  const { store, clock } = deps;
  if (link.opening.has(thread.id) && thread.status === 'pending') return false;
  const instance = store.read((r) => r.instances.get(thread.instanceId));
  if (thread.status === 'disconnected' && (instance?.restartCount ?? 0) > restartDelaysMs.length) {
    await store.write((w) => deps.threads.close(w, thread.id, 'failed', `its agent ended ${restartDelaysMs.length + 1} times in a row`));
    return true;
  }
  if (thread.sessionId === undefined) return false;
  let place: Awaited<ReturnType<InstanceDeps['agentPlaceOf']>>;
  let argv: readonly string[];
  let env: Readonly<Record<string, string>>;
  try {
    place = await deps.agentPlaceOf(thread.sessionId);
    const agent = deps.agents.resolve(thread.agent);
    argv = await hosting.argvOf(thread, agent, place.cwd);
    env = withCodexRoots(argv, place.env, await gitDirsOf(place.cwd));
  } catch (error) {
    // Not there yet, or not any more: whoever owns the session tells.
    if (isFailure(error) && error.kind === 'PRECONDITION') return false;
    if (!isFailure(error)) throw error;
    await store.write((w) => deps.threads.close(w, thread.id, 'failed', (error as Error).message));
    return true;
  }
  link.opening.add(thread.id);
  link.closing.delete(thread.id);
  const generation = thread.generation + 1;
  await store.write((w) => {
    // A died agent counts against the budget of the instance; a turn that comes to its end gives it back.
    // One whose host ended was counted with that.
    if (thread.status === 'disconnected' && thread.agentState?.state === 'exited')
      w.instances.change(thread.instanceId, { restartCount: (instance?.restartCount ?? 0) + 1 });
    w.threads.change(thread.id, { generation, status: 'pending' });
    setAgentState(w, thread.id, { state: 'starting', source: 'process' }, clock.now());
  });
  const externalId = thread.externalId === undefined ? {} : { externalId: thread.externalId };
  // A former agent may still be there; two would write the same conversation.
  if (thread.generation > 0) await link.host.call('close', { threadId: thread.id }).catch(gone);
  const mcpServers = thread.workSessionId === undefined ? [] : await deps.mcpServersOf(thread.workSessionId);
  const servers = mcpServers.length === 0 ? {} : { mcpServers: [...mcpServers] };
  await link.host.call('open', {
    threadId: thread.id,
    generation,
    argv: [...argv],
    cwd: place.cwd,
    env: { ...env },
    ...externalId,
    ...servers,
  });
  return true;
}

/** Written as sent before it leaves; the host knows each prompt and begins no second turn for it. */
async function send(deps: InstanceDeps, thread: ThreadRecord, prompt: PromptRecord, link: Link): Promise<boolean> {
  const { store, clock } = deps;
  const content = await store.write((w) => {
    const now = w.prompts.get(prompt.id);
    const is = w.threads.get(thread.id);
    if (!now || is?.status !== 'active' || is.turn !== 'idle' || (now.status !== 'queued' && now.status !== 'submitted')) return undefined;
    if (now.status === 'submitted') return now.content;
    if (!mayGetPrompts(w, is)) return undefined;
    const deliveries = thread.workSessionId === undefined ? undefined : deps.takeDeliveries(w, thread.workSessionId);
    const text = deliveries === undefined ? now.content : `${deliveries}\n\n${now.content}`;
    changePrompt(w, now, { status: 'submitted', attempts: now.attempts + 1, content: text });
    w.threads.change(thread.id, { lastActivityAt: clock.now() });
    return text;
  });
  if (content === undefined) return true;
  const answer = await link.host.call('prompt', { threadId: thread.id, promptId: prompt.id, content }).catch(refusal);
  if (answer instanceof Failure) return refused(deps, thread, prompt, answer);
  if (answer.known) await settleKnown(deps, thread, prompt);
  // The turn is told as an event; until then nothing more leaves.
  return false;
}

/** Only what the host itself said; a connection that broke says nothing about the prompt. */
function refusal(error: unknown): Failure {
  if (isFailure(error) && (error.kind === 'NOT_FOUND' || error.kind === 'PRECONDITION')) return error;
  throw error;
}

/** It provably did not leave: it is sent again by a later look, and given up after a few. */
async function refused({ store, clock }: InstanceDeps, thread: ThreadRecord, { id }: PromptRecord, why: Failure): Promise<boolean> {
  await store.write((w) => {
    const now = w.prompts.get(id);
    if (now?.status !== 'submitted') return;
    // Whose process the host does not have, that is not open.
    if (why.kind === 'NOT_FOUND' && w.threads.get(thread.id)?.status === 'active')
      moveThread(w, thread.id, { to: 'disconnected', reason: why.message }, clock.now());
    if (now.attempts < sendTries) changePrompt(w, now, { status: 'queued' });
    else changePrompt(w, now, { status: 'failed', failure: why.message, settledAt: clock.now() });
  });
  return true;
}

const sendTries = 3;

/** The host had it before; if its turn is over already, the events that said so are read, so it was taken. */
async function settleKnown({ store, clock }: InstanceDeps, thread: ThreadRecord, { id }: PromptRecord): Promise<void> {
  await store.write((w) => {
    const now = w.prompts.get(id);
    if (now?.status === 'submitted' && w.threads.get(thread.id)?.turn === 'idle')
      changePrompt(w, now, { status: 'accepted', proof: 'the host has begun its turn before', settledAt: clock.now() });
  });
}

async function answerPermissions({ store }: InstanceDeps, thread: ThreadRecord, link: Link): Promise<boolean> {
  const [answered] = store.read((r) => r.permissions.unsettledOf(thread.id)).filter(({ status }) => status === 'answered');
  if (!answered?.answer) return false;
  try {
    await link.host.call('permit', { threadId: thread.id, requestKey: answered.requestKey, optionId: answered.answer });
  } catch (error) {
    // The agent does not wait for it any more.
    if (!isFailure(error) || error.kind !== 'NOT_FOUND') throw error;
  }
  await store.write((w) => w.permissions.change(answered.id, { settled: true }));
  return true;
}

async function mindSilence({ store, clock, attention, threads }: InstanceDeps, thread: ThreadRecord): Promise<boolean> {
  const silent = silenceOfThread(thread, clock.now());
  if (silent === 'none' || thread.agentState?.state === 'waiting_permission') return false;
  if (silent === 'unknown' && thread.agentState?.state === 'unknown') return false;
  const isRaised = store.read((r) => r.attention.openOf('silent', thread.id)) !== undefined;
  if (silent === 'attention' && isRaised) return false;
  if (silent === 'cancel' && thread.cancelRequestedAt !== undefined) return false;
  await store.write((w) => {
    setAgentState(w, thread.id, { state: 'unknown', source: 'output', detail: 'it says nothing' }, clock.now());
    if (silent === 'attention' || silent === 'cancel') {
      attention.raise(w, {
        ...{ kind: 'silent', refId: thread.id, title: 'An agent says nothing in the middle of its turn', specTaskId: thread.specTaskId },
        ...(thread.workSessionId === undefined
          ? {}
          : { workSessionId: thread.workSessionId, remedy: `coppice work attach ${thread.workSessionId}` }),
      });
    }
    if (silent === 'cancel') threads.cancelTurn(w, thread.id);
  });
  return true;
}

function gone(error: unknown): void {
  // What is gone needs no cancel and no end; a connection that broke is made again.
  if (!isFailure(error) || (error.kind !== 'NOT_FOUND' && error.kind !== 'UNAVAILABLE')) throw error;
}
