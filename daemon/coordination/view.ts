import type { Message } from '../../schemas/coordination.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { MessageRecord } from '../store/tables/coordination.ts';

/** A message as clients see it, with its deliveries. */
export function messageView(r: Reader, { createdAt, expiresAt, ...message }: MessageRecord): Message {
  return {
    ...message,
    createdAt: isoTime(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
    deliveries: r.messages.deliveries(message.id).map(({ recipientId, status, deliveredAt, ackedAt }) => ({
      recipientId,
      status,
      ...(deliveredAt === undefined ? {} : { deliveredAt: isoTime(deliveredAt) }),
      ...(ackedAt === undefined ? {} : { ackedAt: isoTime(ackedAt) }),
    })),
  };
}
