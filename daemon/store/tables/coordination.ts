// Messages between work sessions, one delivery row a recipient, and the shared state of a spec task.
import type { Message } from '../../../schemas/coordination.ts';
import type { Db } from '../database.ts';
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

export interface MessageReader {
  get(id: string): MessageRecord | undefined;
  ofSpecTask(specTaskId: string): MessageRecord[];
  list(filter: { specTaskId: string; type?: string | undefined; open: boolean }, cursor: string, limit: number): MessageRecord[];
  count(specTaskId: string): number;
  deliveries(messageId: string): DeliveryRecord[];
  delivery(messageId: string, recipientId: string): DeliveryRecord | undefined;
  /** Queued or delivered and not acknowledged, oldest message first. */
  waiting(recipientId: string, status: 'queued' | 'delivered', limit: number): DeliveryRecord[];
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
  return {
    get: message.one('id = ?'),
    ofSpecTask: message.select('spec_task_id = ? ORDER BY id'),
    list: ({ specTaskId, type, open }, cursor, limit) =>
      message.page(
        [
          ['spec_task_id = ?', specTaskId],
          ...(type === undefined ? [] : [['type = ?', type] as const]),
          ...(open
            ? [['EXISTS (SELECT 1 FROM message_deliveries d WHERE d.message_id = messages.id AND d.status <> ?)', 'acked'] as const]
            : []),
        ],
        cursor,
        limit,
      ),
    count: (specTaskId) => count.get(specTaskId) as number,
    deliveries: delivery.select('message_id = ? ORDER BY id'),
    delivery: delivery.one('message_id = ? AND recipient_id = ?'),
    waiting: delivery.select('recipient_id = ? AND status = ? ORDER BY message_id LIMIT ?'),
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
    list: select('spec_task_id = ? AND key > ? ORDER BY key LIMIT ?'),
    count: (specTaskId) => count.get(specTaskId) as number,
  };
}

export function createSharedStateWriter(db: Db): SharedStateWriter {
  const { insert, change } = states(db);
  const remove = db.prepare('DELETE FROM shared_state WHERE id = ?');
  return { ...createSharedStateReader(db), insert, change, remove: (id) => void remove.run(id) };
}
