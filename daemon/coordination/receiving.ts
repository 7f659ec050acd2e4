// How a message reaches its recipient: in front of its next prompt, or because it looks into its inbox.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { DeliveryRecord, MessageRecord } from '../store/tables/coordination.ts';
import { type ChangedBy, moveDelivery } from './delivery.ts';

/** Marks what waits as delivered. Oldest first; what was delivered before and is not acknowledged comes again. */
export function pullInbox(w: Writer, workSessionId: string, limit: number, by: ChangedBy): MessageRecord[] {
  return w.messages.waiting(workSessionId, ['queued', 'delivered'], limit).flatMap((delivery) => {
    moveDelivery(w, delivery, 'delivered', by);
    return w.messages.get(delivery.messageId) ?? [];
  });
}

/** Throws NOT_FOUND for what was never sent to it, INVALID_TRANSITION for what has expired. */
export function acknowledge(w: Writer, messageId: string, workSessionId: string, by: ChangedBy): MessageRecord {
  const delivery = w.messages.delivery(messageId, workSessionId);
  const message = w.messages.get(messageId);
  if (!delivery || !message) {
    throw new Failure('NOT_FOUND', `No message "${messageId}" was sent to work session "${workSessionId}".`, {
      details: { entity: 'message', id: messageId, workSessionId },
    });
  }
  moveDelivery(w, delivery, 'acked', by);
  return message;
}

/**
 * What goes in front of the next prompt of a work session, marked as delivered in the transaction in which that prompt becomes
 * submitted. A blocked one gets answers only.
 */
export function takeDeliveries(w: Writer, workSessionId: string, now: number): string | undefined {
  const taken = nextForPrompt(w, workSessionId);
  for (const { delivery } of taken) moveDelivery(w, delivery, 'delivered', { actor: byDaemon.actor, now });
  if (taken.length === 0) return undefined;
  return ['Messages from others who work on this spec task:', ...taken.map(({ text }) => text)].join('\n\n');
}

/** Whether something waits for it that asks for a turn: a notification alone waits for the next one. */
export function callsForTurn(r: Reader, workSessionId: string): boolean {
  return waitingFor(r, workSessionId).some(({ message }) => message.type !== 'notification' && message.type !== 'broadcast');
}

interface Waiting {
  readonly delivery: DeliveryRecord;
  readonly message: MessageRecord;
}

function waitingFor(r: Reader, workSessionId: string): Waiting[] {
  const isBlocked = r.workSessions.get(workSessionId)?.status === 'blocked';
  return r.messages
    .waiting(workSessionId, ['queued'], limits.messagesPerTask)
    .flatMap((delivery) => {
      const message = r.messages.get(delivery.messageId);
      return message && (!isBlocked || message.type === 'response') ? [{ delivery, message }] : [];
    })
    .slice(0, limits.messagesPerPrompt);
}

/** As many as one prompt has room for; the first one in any case. */
function nextForPrompt(r: Reader, workSessionId: string): { readonly delivery: DeliveryRecord; readonly text: string }[] {
  const chosen: { delivery: DeliveryRecord; text: string }[] = [];
  let chars = 0;
  for (const { delivery, message } of waitingFor(r, workSessionId)) {
    const text = textOf(r, message);
    chars += text.length;
    if (chosen.length > 0 && chars > limits.messagesPerPromptChars) break;
    chosen.push({ delivery, text });
  }
  return chosen;
}

/** Each line of the body is quoted, so that no message can look like another one or like the prompt. */
function textOf(r: Reader, { id, type, senderId, inReplyTo, body, data }: MessageRecord): string {
  const sender = senderId === undefined ? undefined : r.workSessions.get(senderId);
  const from = sender ? `"${oneLine(sender.name)}" (${sender.id})` : 'outside of the agents';
  const about = inReplyTo === undefined ? '' : `, about ${inReplyTo}`;
  const lines = [
    `[${type}] ${id} from ${from}${about}:`,
    ...body.split(/\r\n|[\r\n\u2028\u2029]/).map((line) => `> ${line}`),
    ...(Object.keys(data).length === 0 ? [] : [`data: ${JSON.stringify(data)}`]),
    ...(type === 'blocking' || type === 'request' ? [`Answer it with: coppice message send --reply-to ${id} "<your answer>"`] : []),
  ];
  return lines.join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
