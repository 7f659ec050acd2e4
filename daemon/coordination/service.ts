// What work sessions tell each other and know in common. Messages are rows: whoever drives agents takes them to their recipients.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import type { Message } from '../../schemas/coordination.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { announceEnd, daemonSays, type Saying } from './announcing.ts';
import type { ChangedBy } from './delivery.ts';
import { createExpiry } from './expiry.ts';
import { acknowledge, callsForTurn, pullInbox, takeDeliveries } from './receiving.ts';
import { type NewMessage, sendMessage } from './sending.ts';
import { createSharedState, type SharedState } from './shared-state.ts';
import { messageView } from './view.ts';
import { messageWaits } from './waits.ts';

/** For those who move work sessions and prompts: each runs in their transaction. */
export interface CoordinationInside {
  /** What goes in front of its next prompt; marked as delivered. */
  takeDeliveries(w: Writer, workSessionId: string): string | undefined;
  /** Whether a message waits for it that asks for a turn of its own. */
  callsForTurn(r: Reader, workSessionId: string): boolean;
  /** Work sessions whose answer it waits for after a blocking message. */
  blocksOf(r: Reader, workSessionId: string): string[];
  daemonSays(w: Writer, saying: Saying): void;
  /** Tells those whom it concerns that a work session has ended. */
  announce(w: Writer, workSessionId: string): void;
}

export interface CoordinationService extends CoordinationInside {
  /** Throws NOT_FOUND, INVALID_PARAMS, PRECONDITION {reason}, LIMIT_EXCEEDED. */
  send(message: NewMessage, origin: Origin): Promise<Message>;
  list(
    task: SpecTaskRecord,
    wanted: Pick<OwnParamsOf<'coordination.list'>, 'type' | 'open' | 'cursor' | 'limit'>,
  ): ResultOf<'coordination.list'>;
  inbox(workSession: WorkSessionRecord, limit: number, origin: Origin): Promise<{ messages: Message[] }>;
  ack(id: string, workSession: WorkSessionRecord, origin: Origin): Promise<Message>;
  summary(task: SpecTaskRecord): ResultOf<'coordination.summary'>;
  readonly state: SharedState;
  /** Begins to look after deadlines. */
  start(): void;
  stop(): Promise<void>;
}

export function createCoordination(deps: { store: Store; clock: Clock; ids: Ids; log: Log }): CoordinationService {
  const { store, clock, ids } = deps;
  const expiry = createExpiry(deps);
  const by = ({ actor }: Origin): ChangedBy => ({ actor, now: clock.now() });
  return {
    async send(message, origin) {
      const { sent, expiresAt } = await store.write((w) => {
        const record = sendMessage(w, ids, message, by(origin));
        return { sent: settle(w, origin.receipt, messageView(w, record)), expiresAt: record.expiresAt };
      });
      if (expiresAt !== undefined) expiry.expect(expiresAt);
      return sent;
    },
    list: (task, { type, open, cursor, limit }) =>
      store.read((r) => {
        const { rows, nextCursor } = pageOf(r.messages.list({ specTaskId: task.id, type, open }, cursor ?? afterAllIds, limit + 1), limit);
        return { messages: rows.map((row) => messageView(r, row)), ...(nextCursor === undefined ? {} : { nextCursor }) };
      }),
    inbox: ({ id }, limit, origin) =>
      store.write((w) => {
        const messages = pullInbox(w, id, limit, by(origin)).map((message) => messageView(w, message));
        return settle(w, origin.receipt, { messages });
      }),
    ack: (id, workSession, origin) =>
      store.write((w) => settle(w, origin.receipt, messageView(w, acknowledge(w, id, workSession.id, by(origin))))),
    summary: (task) =>
      store.read((r) => ({
        byType: r.messages.countByType(task.id),
        byDelivery: r.messages.countByDelivery(task.id),
        waits: messageWaits(r, task.id),
      })),
    state: createSharedState(deps),
    start: expiry.start,
    stop: expiry.stop,
    takeDeliveries: (w, workSessionId) => takeDeliveries(w, workSessionId, clock.now()),
    callsForTurn,
    blocksOf(r, workSessionId) {
      const specTaskId = r.workSessions.get(workSessionId)?.specTaskId;
      if (specTaskId === undefined) return [];
      return messageWaits(r, specTaskId).flatMap((wait) => (wait.workSessionId === workSessionId ? [wait.waitsFor] : []));
    },
    daemonSays: (w, saying) => daemonSays(w, ids, saying, clock.now()),
    announce: (w, workSessionId) => announceEnd(w, ids, workSessionId, clock.now()),
  };
}
