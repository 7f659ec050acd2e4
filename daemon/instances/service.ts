// What clients can do with instances, threads and prompts: rows, which the reactor follows.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Instance, Thread } from '../../schemas/instance.ts';
import type { Prompt } from '../../schemas/prompt.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded, isLive } from './machine.ts';
import type { Threads } from './threads.ts';
import { createTranscripts } from './transcripts.ts';
import { moveInstance } from './transition.ts';
import { instanceView, promptView, threadView } from './view.ts';

export interface InstanceServiceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly threads: Threads;
  /** Where a host keeps its memory. */
  readonly dirOf: (instanceId: string) => string;
}

export interface InstanceService {
  ensure(task: SpecTaskRecord, origin: Origin): Promise<Instance>;
  list(
    filter: { readonly specTaskId: string | undefined; readonly live: boolean },
    cursor: string | undefined,
    limit: number,
  ): ResultOf<'instance.list'>;
  get(id: string): ResultOf<'instance.get'>;
  restart(id: string, origin: Origin): Promise<Instance>;
  shutdown(id: string, origin: Origin): Promise<Instance>;
  listThreads(
    filter: { readonly instanceId?: string; readonly specTaskId?: string },
    cursor: string | undefined,
    limit: number,
  ): ResultOf<'thread.list'>;
  thread(id: string): Thread;
  createThread(workSession: WorkSessionRecord, origin: Origin): Promise<Thread>;
  closeThread(id: string, origin: Origin): Promise<Thread>;
  cancelTurn(id: string, origin: Origin): Promise<Thread>;
  /** Throws INVALID_TRANSITION in the middle of a turn, or when it has ended. */
  chooseAgent(id: string, agent: string, origin: Origin): Promise<Thread>;
  transcript(id: string, after: number, limit: number): ResultOf<'thread.transcript'>;
  /** Throws INVALID_TRANSITION when it has no thread that takes prompts. */
  sendPrompt(
    workSession: WorkSessionRecord,
    wanted: Pick<OwnParamsOf<'workSession.sendPrompt'>, 'content' | 'interrupt'>,
    origin: Origin,
  ): Promise<Prompt>;
  listPrompts(workSession: WorkSessionRecord, cursor: string | undefined, limit: number): ResultOf<'workSession.listPrompts'>;
}

export function createInstanceService({ store, clock, threads, dirOf }: InstanceServiceDeps): InstanceService {
  const transcripts = createTranscripts(dirOf);
  const instanceIn = (r: Reader, id: string): InstanceRecord => found(r.instances.get(id), 'instance', id, 'instance.list');
  const threadIn = (r: Reader, id: string): ThreadRecord => found(r.threads.get(id), 'thread', id, 'thread.list');
  const changed = (id: string, origin: Origin, change: (w: Writer, now: InstanceRecord) => void): Promise<Instance> =>
    store.write((w) => {
      change(w, instanceIn(w, id));
      return settle(w, origin.receipt, instanceView(w, instanceIn(w, id)));
    });
  const changedThread = (id: string, origin: Origin, change: (w: Writer, now: ThreadRecord) => void): Promise<Thread> =>
    store.write((w) => {
      change(w, threadIn(w, id));
      return settle(w, origin.receipt, threadView(threadIn(w, id)));
    });
  return {
    ensure: (task, origin) => store.write((w) => settle(w, origin.receipt, instanceView(w, threads.ensureInstance(w, task.id)))),
    list({ specTaskId, live }, cursor, limit) {
      return store.read((r) => {
        const page = pageOf(r.instances.list(specTaskId, live, cursor ?? afterAllIds, limit + 1), limit);
        return {
          instances: page.rows.map((row) => instanceView(r, row)),
          ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
        };
      });
    },
    get: (id) =>
      store.read((r) => {
        const instance = instanceIn(r, id);
        return { ...instanceView(r, instance), threads: r.threads.ofInstance(id).map(threadView) };
      }),
    restart: (id, origin) =>
      changed(id, origin, (w, now) => {
        if (!isLive(now.status) || now.status === 'stopping') throw over(now);
        w.instances.change(id, { restartRequestedAt: clock.now() });
        moveInstance(w, id, { to: now.status, change: { restartCount: 0 } }, clock.now());
      }),
    shutdown: (id, origin) =>
      changed(id, origin, (w, now) => {
        if (isLive(now.status)) threads.stopInstance(w, now.specTaskId, 'somebody asked for it');
      }),
    listThreads(filter, cursor, limit) {
      const page = pageOf(
        store.read((r) => r.threads.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { threads: page.rows.map(threadView), ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
    thread: (id) => threadView(store.read((r) => threadIn(r, id))),
    createThread: (workSession, origin) =>
      store.write((w) => {
        const there = w.threads.ofWorkSession(workSession.id);
        if (!there && workSession.sessionId === undefined) {
          throw new Failure('PRECONDITION', `Work session "${workSession.name}" has no session yet; it gets its thread when it begins.`, {
            details: { reason: 'no_session' },
          });
        }
        const { specTaskId, id: workSessionId, agent } = workSession;
        const thread = there ?? threads.ensure(w, { specTaskId, workSessionId, agent, sessionId: workSession.sessionId as string });
        return settle(w, origin.receipt, threadView(thread));
      }),
    closeThread: (id, origin) => changedThread(id, origin, (w) => threads.close(w, id, 'completed', 'somebody closed it')),
    cancelTurn: (id, origin) => changedThread(id, origin, (w) => threads.cancelTurn(w, id)),
    chooseAgent: (id, agent, origin) => changedThread(id, origin, (w) => threads.changeAgent(w, id, agent)),
    transcript: (id, after, limit) =>
      transcripts.page(
        store.read((r) => threadIn(r, id)),
        after,
        limit,
      ),
    sendPrompt: (workSession, { content, interrupt }, origin) =>
      store.write((w) => {
        const thread = w.threads.ofWorkSession(workSession.id);
        if (!thread || hasEnded(thread.status)) {
          const why = thread ? `its agent has ended; reopen or retry it` : `its agent has not begun yet`;
          throw new Failure('INVALID_TRANSITION', `Work session "${workSession.name}" takes no prompts: ${why}.`, {
            details: { from: thread?.status ?? 'pending', to: 'active', allowed: [] },
          });
        }
        const prompt = threads.enqueue(w, { threadId: thread.id, workSessionId: workSession.id, content, interrupt, origin: origin.actor });
        return settle(w, origin.receipt, promptView(prompt));
      }),
    listPrompts({ id }, cursor, limit) {
      const page = pageOf(
        store.read((r) => r.prompts.list(id, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { prompts: page.rows.map(promptView), ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
  };
}

function found<T>(row: T | undefined, entity: string, id: string, listedBy: string): T {
  if (row !== undefined) return row;
  throw new Failure('NOT_FOUND', `There is no ${entity} "${id}"; ${listedBy} shows them.`, { details: { entity, id } });
}

function over({ id, status }: InstanceRecord): Failure {
  return new Failure('INVALID_TRANSITION', `The instance "${id}" is ${status}; a new one comes with the next thread.`, {
    details: { from: status, to: 'starting', allowed: [] },
  });
}
