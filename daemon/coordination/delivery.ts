// One delivery of a message: what may become of it, and one change as one piece, for use inside a transaction.
import type { Message } from '../../schemas/coordination.ts';
import { mayChange, type Transitions } from '../kernel/transitions.ts';
import type { Writer } from '../store/store.ts';
import type { DeliveryRecord } from '../store/tables/coordination.ts';

type DeliveryStatus = Message['deliveries'][number]['status'];

export const deliveryTransitions: Transitions<DeliveryStatus> = {
  queued: ['delivered', 'acked', 'expired'],
  delivered: ['acked', 'expired'],
  // Only a blocking message: its receipt is no answer.
  acked: ['expired'],
  expired: [],
};

export interface ChangedBy {
  readonly actor: string;
  readonly now: number;
}

/** The same status again changes nothing and has no event. Throws INVALID_TRANSITION. */
export function moveDelivery(w: Writer, delivery: DeliveryRecord, to: DeliveryStatus, { actor, now }: ChangedBy): void {
  const { id, messageId, recipientId, specTaskId } = delivery;
  if (!mayChange(deliveryTransitions, `The delivery of message "${messageId}"`, delivery.status, to)) return;
  w.messages.changeDelivery(id, {
    status: to,
    ...(to === 'expired' || delivery.deliveredAt !== undefined ? {} : { deliveredAt: now }),
    ...(to === 'acked' ? { ackedAt: now } : {}),
  });
  const projectId = w.specTasks.get(specTaskId)?.projectId;
  const subject = { specTaskId, workSessionId: recipientId, ...(projectId === undefined ? {} : { projectId }) };
  w.events.append({ type: 'coordination.deliveryChanged', subject, actor, data: { messageId, recipientId, status: to } });
}
