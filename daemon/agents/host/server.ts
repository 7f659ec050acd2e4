// The threads of one host, and the socket on which daemons come and go. Nothing here depends on a daemon being there.
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { bindTable } from '../../../rpc/bind.ts';
import { Peer } from '../../../rpc/peer.ts';
import { unixTransport } from '../../../rpc/unix-socket.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { type AgentThread, startAgentThread } from './agent-thread.ts';
import { boundedEvent } from './event-bounds.ts';
import { type EventFile, type NewHostEvent, openEventFile } from './event-file.ts';
import { eventsFile, type HostEvent, type HostParams, hostMethods, socketFile } from './protocol.ts';
import { transcriptOf } from './transcript.ts';

export interface HostOptions {
  readonly dir: string;
  readonly version: string;
  readonly now: () => number;
  readonly print: (text: string) => void;
}

export interface AgentHost {
  /** Resolves when the socket answers. */
  start(): Promise<void>;
  /** Ends all agents. Resolves when they are gone. */
  stop(): Promise<void>;
  /** Resolves when somebody asked for the end. */
  readonly stopRequested: Promise<void>;
}

export function createAgentHost({ dir, version, now, print }: HostOptions): AgentHost {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  const threads = new Map<string, AgentThread>();
  const asked = new Map<string, string>();
  const prompts = new Set<string>();
  const running = new Map<string, string>();
  const followers = new Map<Peer<unknown>, number>();
  let requestStop: () => void = () => undefined;
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve;
  });

  /** Each follower gets what it lacks as far as it reads; the rest waits in the log, not in memory. */
  const pump = (peer: Peer<unknown>): void => {
    for (const event of file.since(followers.get(peer) ?? 0)) {
      if (peer.isClosed || peer.unsentBytes > limits.unsentBytes) return;
      peer.notify('event', event);
      followers.set(peer, event.seq);
    }
  };
  const tell = (event: NewHostEvent, sync?: boolean): void => {
    note(file.append(boundedEvent(event), sync));
    for (const peer of followers.keys()) pump(peer);
  };
  const note = (event: HostEvent): void => {
    const { threadId = '' } = event;
    if (event.kind === 'turn.started') {
      prompts.add(event.data.promptId);
      running.set(threadId, event.data.promptId);
    }
    if (event.kind === 'turn.finished' || event.kind === 'turn.failed') running.delete(threadId);
    if (event.kind === 'permission.requested') asked.set(event.data.requestKey, threadId);
    if (event.kind === 'permission.settled') asked.delete(event.data.requestKey);
    const text = transcriptOf(event);
    if (text !== undefined) print(text);
  };
  const file: EventFile = openEventFile(join(dir, eventsFile), now, note);
  /** The host that had these died over them, and its agents with it. */
  const settleFormer = (): void => {
    for (const [requestKey, threadId] of [...asked]) {
      tell({ kind: 'permission.settled', threadId, data: { requestKey, how: 'withdrawn' } }, true);
    }
    for (const [threadId, promptId] of [...running]) {
      const message = 'The agent host ended in the middle of the turn.';
      tell({ kind: 'turn.failed', threadId, data: { promptId, code: 'exited', message } }, true);
    }
  };
  const threadOf = (threadId: string): AgentThread => {
    const thread = threads.get(threadId);
    if (thread) return thread;
    throw new Failure('NOT_FOUND', `The host has no thread "${threadId}".`, { details: { entity: 'thread', id: threadId } });
  };
  /** undefined: it could not even be tried, which is told. The system refuses some programs at once and others later. */
  const startedOrTold = (wanted: HostParams<'open'>): AgentThread | undefined => {
    const { threadId, generation } = wanted;
    try {
      const onGone = (): unknown => threads.get(threadId) === thread && threads.delete(threadId);
      const thread = startAgentThread({ wanted, version, now, tell, onGone });
      return thread;
    } catch (error) {
      tell({ kind: 'thread.openFailed', threadId, data: { generation, code: 'spawn', message: (error as Error).message } }, true);
      return undefined;
    }
  };

  const handlers = {
    async open(wanted: HostParams<'open'>) {
      const former = threads.get(wanted.threadId);
      if (former && !former.isEnding) return {};
      // Two agents of one thread would write the same conversation.
      await former?.end();
      if (threads.has(wanted.threadId)) return {};
      const thread = startedOrTold(wanted);
      if (thread) threads.set(wanted.threadId, thread);
      return {};
    },
    prompt({ threadId, promptId, content }: HostParams<'prompt'>) {
      if (prompts.has(promptId)) return { known: true };
      const thread = threadOf(threadId);
      if (!thread.isOpen || running.has(threadId)) {
        throw new Failure('PRECONDITION', `The thread "${threadId}" ${running.has(threadId) ? 'has a turn already' : 'is not open yet'}.`, {
          details: { reason: 'busy' },
        });
      }
      thread.prompt(promptId, content);
      return { known: false };
    },
    cancel({ threadId }: HostParams<'cancel'>) {
      threadOf(threadId).cancel();
      return {};
    },
    async close({ threadId }: HostParams<'close'>) {
      await threads.get(threadId)?.end();
      return {};
    },
    permit({ threadId, requestKey, optionId }: HostParams<'permit'>) {
      if (threadOf(threadId).permit(requestKey, optionId)) return {};
      throw new Failure('NOT_FOUND', `Nothing waits for the permission "${requestKey}" any more.`, {
        details: { entity: 'permission', id: requestKey },
      });
    },
    async configure({ threadId, ...wanted }: HostParams<'configure'>) {
      await threadOf(threadId).configure(wanted);
      return {};
    },
    subscribe({ since }: HostParams<'subscribe'>, call: { readonly context: { peer?: Peer<unknown> } }) {
      const { peer } = call.context;
      if (peer) {
        followers.set(peer, since);
        // After the answer.
        setImmediate(() => pump(peer));
      }
      return { lastSeq: file.lastSeq };
    },
    status: () => ({ pid: process.pid, lastSeq: file.lastSeq, threads: [...threads.keys()] }),
    shutdown() {
      // After the answer.
      setImmediate(requestStop);
      return {};
    },
  };
  let calls = 0;
  const dispatcher = bindTable<{ peer?: Peer<unknown> }>(hostMethods, handlers, {
    access: () => new Set(['public']),
    newCallId: () => {
      calls += 1;
      return `call-${calls}`;
    },
    onInternal: (error) => {
      print(`\n── a call failed: ${(error as Error).stack ?? String(error)}\n`);
      return 'host';
    },
  });
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    const context: { peer?: Peer<unknown> } = {};
    const peer = new Peer<{ peer?: Peer<unknown> }>(unixTransport(socket), { dispatcher, context }) as Peer<unknown>;
    context.peer = peer;
    peer.onDrain(() => followers.has(peer) && pump(peer));
    void peer.closed.then(() => followers.delete(peer));
  });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    server.close();
    await Promise.all([...threads.values()].map((thread) => thread.end()));
    for (const peer of followers.keys()) peer.close();
    rmSync(join(dir, socketFile), { force: true });
    file.close();
  };
  return {
    stopRequested,
    async start() {
      settleFormer();
      const path = join(dir, socketFile);
      rmSync(path, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      tell({ kind: 'host.started', data: { pid: process.pid } }, true);
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
