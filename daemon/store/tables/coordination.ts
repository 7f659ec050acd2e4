// Messages between work sessions, one delivery row a recipient, and the shared state of a spec task.
import type { Message } from '../../../schemas/coordination.ts';
import type { Db } from '../database.ts';
import { boundLimit } from './rows.ts';
import { type Change, defineTable } from './table.ts';

export interface MessageRecord extends Omit<Message, 'createdAt' | 'expiresAt' | 'deliveries'> {
  readonly createdAt: number;
  readonly expiresAt?: number;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly messageId: string;
  readonly specTaskId: string;
  readonly recipientId: string;
  readonly status: Message['deliveries'][number]['status'];
  readonly deliveredAt?: number;
  readonly ackedAt?: number;
}

/** Somebody who asked and still waits for one recipient. */
export interface UnansweredRow {
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
}

export interface SharedStateRecord {
  readonly id: string;
  readonly specTaskId: string;
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly updatedBy: string;
  readonly updatedAt: number;
}

const messages = defineTable<MessageRecord>({
  name: 'messages',
  fields: ['id', 'specTaskId', 'senderId', 'type', 'inReplyTo', 'body', 'data', 'createdAt', 'expiresAt'],
  json: ['data'],
});
const deliveries = defineTable<DeliveryRecord>({
  name: 'message_deliveries',
  fields: ['id', 'messageId', 'specTaskId', 'recipientId', 'status', 'deliveredAt', 'ackedAt'],
});
const states = defineTable<SharedStateRecord>({
  name: 'shared_state',
  fields: ['id', 'specTaskId', 'key', 'value', 'version', 'updatedBy', 'updatedAt'],
  json: ['value'],
});

/** An answer by the recipient, or by a human in its place. */
const answered = `EXISTS (SELECT 1 FROM messages a WHERE a.in_reply_to = m.id AND a.type = 'response'
  AND (a.sender_id IS NULL OR a.sender_id = d.recipient_id))`;
/** A message is done with when it is acknowledged; a blocking one when it is answered. */
const pending = `(d.status IN ('queued', 'delivered') OR (d.status = 'acked' AND m.type = 'blocking' AND NOT ${answered}))`;

export interface MessageReader {
  get(id: string): MessageRecord | undefined;
  ofSpecTask(specTaskId: string): MessageRecord[];
  list(filter: { specTaskId: string; type?: string | undefined; open: boolean }, cursor: string, limit: number): MessageRecord[];
  count(specTaskId: string): number;
  deliveries(messageId: string): DeliveryRecord[];
  delivery(messageId: string, recipientId: string): DeliveryRecord | undefined;
  /** Queued, or delivered and not acknowledged, oldest message first. */
  waiting(recipientId: string, statuses: readonly DeliveryRecord['status'][], limit: number): DeliveryRecord[];
  /** Blocking messages that a recipient has not answered before their deadline, oldest first. */
  unanswered(specTaskId: string): UnansweredRow[];
  /** Deliveries that are not done with although the deadline of their message is over. */
  due(now: number, limit: number): DeliveryRecord[];
  /** The next deadline of a delivery that is not done with. */
  nextDeadline(): number | undefined;
  countByType(specTaskId: string): Record<string, number>;
  countByDelivery(specTaskId: string): Record<string, number>;
}
export interface MessageWriter extends MessageReader {
  insert(message: MessageRecord): void;
  insertDelivery(delivery: DeliveryRecord): void;
  changeDelivery(id: string, change: Change<DeliveryRecord>): void;
}

export function createMessageReader(db: Db): MessageReader {
  const message = messages(db);
  const delivery = deliveries(db);
  const count = db.prepare<[string], number>('SELECT count(*) FROM messages WHERE spec_task_id = ?').pluck();
  const waiting = delivery.select(
    `recipient_id = ? AND status IN (SELECT value FROM json_each(?)) ORDER BY message_id LIMIT ${boundLimit}`,
  );
  const both = 'message_deliveries d JOIN messages m ON m.id = d.message_id';
  const unanswered = db.prepare<[string], UnansweredRow>(
    `SELECT m.id AS messageId, m.sender_id AS senderId, d.recipient_id AS recipientId FROM ${both} WHERE m.spec_task_id = ?
     AND m.type = 'blocking' AND m.sender_id IS NOT NULL AND d.status <> 'expired' AND NOT ${answered} ORDER BY m.id`,
  );
  const nextDeadline = db
    .prepare<[], number>(`SELECT m.expires_at FROM ${both} WHERE m.expires_at IS NOT NULL AND ${pending} ORDER BY m.expires_at LIMIT 1`)
    .pluck();
  const counts = (sql: string) => {
    const statement = db.prepare<[string], { name: string; rows: number }>(sql);
    return (specTaskId: string) => Object.fromEntries(statement.all(specTaskId).map(({ name, rows }) => [name, rows]));
  };
  return {
    get: message.one('id = ?'),
    ofSpecTask: message.select('spec_task_id = ? ORDER BY id'),
    list: ({ specTaskId, type, open }, cursor, limit) =>
      message.page(
        [
          ['spec_task_id = ?', specTaskId],
          ...(type === undefined ? [] : [['type = ?', type] as const]),
          ...(open
            ? [
                [
                  'EXISTS (SELECT 1 FROM message_deliveries d WHERE d.message_id = messages.id AND d.status IN (SELECT value FROM json_each(?)))',
                  JSON.stringify(['queued', 'delivered']),
                ] as const,
              ]
            : []),
        ],
        cursor,
        limit,
      ),
    count: (specTaskId) => count.get(specTaskId) as number,
    deliveries: delivery.select('message_id = ? ORDER BY id'),
    delivery: delivery.one('message_id = ? AND recipient_id = ?'),
    waiting: (recipientId, statuses, limit) => waiting(recipientId, JSON.stringify(statuses), limit),
    unanswered: (specTaskId) => unanswered.all(specTaskId),
    due: delivery.select(
      `id IN (SELECT d.id FROM ${both} WHERE m.expires_at <= ? AND ${pending} ORDER BY m.expires_at LIMIT ${boundLimit})`,
    ),
    nextDeadline: () => nextDeadline.get(),
    countByType: counts('SELECT type AS name, count(*) AS rows FROM messages WHERE spec_task_id = ? GROUP BY type'),
    countByDelivery: counts(`SELECT d.status AS name, count(*) AS rows FROM ${both} WHERE m.spec_task_id = ? GROUP BY d.status`),
  };
}

export function createMessageWriter(db: Db): MessageWriter {
  const delivery = deliveries(db);
  return {
    ...createMessageReader(db),
    insert: messages(db).insert,
    insertDelivery: delivery.insert,
    changeDelivery: delivery.change,
  };
}

export interface SharedStateReader {
  get(specTaskId: string, key: string): SharedStateRecord | undefined;
  /** By key, after `cursor`. */
  list(specTaskId: string, cursor: string, limit: number): SharedStateRecord[];
  count(specTaskId: string): number;
}
export interface SharedStateWriter extends SharedStateReader {
  insert(state: SharedStateRecord): void;
  change(id: string, change: Change<SharedStateRecord>): void;
  remove(id: string): void;
}

export function createSharedStateReader(db: Db): SharedStateReader {
  const { one, select } = states(db);
  const count = db.prepare<[string], number>('SELECT count(*) FROM shared_state WHERE spec_task_id = ?').pluck();
  return {
    get: one('spec_task_id = ? AND key = ?'),
    list: select(`spec_task_id = ? AND key > ? ORDER BY key LIMIT ${boundLimit}`),
    count: (specTaskId) => count.get(specTaskId) as number,
  };
}

export function createSharedStateWriter(db: Db): SharedStateWriter {
  const { insert, change } = states(db);
  const remove = db.prepare('DELETE FROM shared_state WHERE id = ?');
  return { ...createSharedStateReader(db), insert, change, remove: (id) => void remove.run(id) };
}
