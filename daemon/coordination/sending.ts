// A message on its way: who gets it, and what forbids it. One transaction, so that a check holds when its rows are written.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { DeliveryRecord, MessageRecord } from '../store/tables/coordination.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded } from '../work-sessions/machine.ts';
import { type ChangedBy, moveDelivery } from './delivery.ts';
import { allWaits, pathOfWaits } from './waits.ts';
import { resolveRecipient } from './who.ts';

export interface NewMessage extends Omit<OwnParamsOf<'coordination.send'>, 'from' | 'specTask' | 'project'> {
  readonly specTaskId: string;
  /** Absent: a human. */
  readonly senderId?: string | undefined;
}

/** Throws NOT_FOUND, INVALID_PARAMS, PRECONDITION {reason}, LIMIT_EXCEEDED. */
export function sendMessage(w: Writer, ids: Ids, wanted: NewMessage, by: ChangedBy): MessageRecord {
  const { specTaskId, type, inReplyTo, expiresInSeconds, data, body } = wanted;
  const sender = wanted.senderId === undefined ? undefined : w.workSessions.get(wanted.senderId);
  const original = originalOf(w, wanted);
  if (type === 'response') assertMayAnswer(w, original, sender);
  const recipients = recipientsOf(w, wanted, original, sender);
  if (type !== 'broadcast' && type !== 'response') assertAllCanHear(recipients);
  if (type === 'blocking') assertMayBlock(w, sender, recipients);
  assertRoom(w, specTaskId, data);
  const message: MessageRecord = {
    ...{ id: ids.next('msg'), specTaskId, type, body, data, createdAt: by.now },
    ...(sender === undefined ? {} : { senderId: sender.id }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(expiresInSeconds === undefined ? {} : { expiresAt: by.now + expiresInSeconds * 1000 }),
  };
  insertMessage(
    w,
    ids,
    message,
    recipients.map(({ id }) => id),
    by.actor,
  );
  if (type === 'response' && original && sender) settleByAnswer(w, original.id, sender.id, by);
  return message;
}

/** The rows and the event, without any check. */
export function insertMessage(w: Writer, ids: Ids, message: MessageRecord, recipients: readonly string[], actor: string): void {
  const { id: messageId, specTaskId, senderId, type } = message;
  w.messages.insert(message);
  for (const recipientId of recipients) {
    w.messages.insertDelivery({ id: ids.next('dlv'), messageId, specTaskId, recipientId, status: 'queued' });
  }
  const projectId = w.specTasks.get(specTaskId)?.projectId;
  const about = senderId === undefined ? {} : { workSessionId: senderId };
  const subject = { specTaskId, ...about, ...(projectId === undefined ? {} : { projectId }) };
  const data = { messageId, type, recipients: [...recipients], ...(senderId === undefined ? {} : { senderId }) };
  w.events.append({ type: 'coordination.sent', subject, actor, data });
}

function originalOf(r: Reader, { inReplyTo, type, specTaskId }: NewMessage): MessageRecord | undefined {
  if (inReplyTo === undefined) {
    if (type !== 'response') return undefined;
    throw new Failure('INVALID_PARAMS', 'A response needs "inReplyTo": the id of the message that it answers.');
  }
  const original = r.messages.get(inReplyTo);
  if (original?.specTaskId === specTaskId) return original;
  throw new Failure('NOT_FOUND', `The spec task has no message "${inReplyTo}"; "coppice message list" shows them.`, {
    details: { entity: 'message', id: inReplyTo },
  });
}

/** A human may answer in anybody's place. */
function assertMayAnswer(r: Reader, original: MessageRecord | undefined, sender: WorkSessionRecord | undefined): void {
  if (!original || !sender || r.messages.delivery(original.id, sender.id)) return;
  throw new Failure('PRECONDITION', `Message "${original.id}" was not sent to "${sender.name}", so it can not answer it.`, {
    details: { reason: 'not_a_recipient', messageId: original.id, workSessionId: sender.id },
  });
}

function recipientsOf(
  r: Reader,
  { to, type, specTaskId }: NewMessage,
  original: MessageRecord | undefined,
  sender: WorkSessionRecord | undefined,
): WorkSessionRecord[] {
  if (type === 'broadcast') {
    if (to.length > 0)
      throw new Failure('INVALID_PARAMS', 'A broadcast goes to all of the spec task; leave "to" out, or send a notification.');
    return r.workSessions.ofSpecTask(specTaskId).filter(({ id, status }) => id !== sender?.id && !hasEnded(status));
  }
  const named = to.map((ref) => resolveRecipient(r, ref, specTaskId));
  const asker = type === 'response' && original?.senderId !== undefined ? r.workSessions.get(original.senderId) : undefined;
  const recipients = new Map([...named, ...(asker ? [asker] : [])].map((one) => [one.id, one]));
  if (sender && recipients.has(sender.id)) {
    throw new Failure('INVALID_PARAMS', `"${sender.name}" can not send a message to itself; take it out of "to".`);
  }
  // What a human or the daemon sent has nobody to answer to: the response stands in the list for people to read.
  if (recipients.size === 0 && type !== 'response') {
    throw new Failure('INVALID_PARAMS', `A ${type} needs "to": the work sessions that get it.`);
  }
  return [...recipients.values()];
}

function assertAllCanHear(recipients: readonly WorkSessionRecord[]): void {
  const deaf = recipients.find(({ status }) => hasEnded(status));
  if (!deaf) return;
  throw new Failure(
    'PRECONDITION',
    `Work session "${deaf.name}" is ${deaf.status}, so nobody would read the message; reopen or retry it first.`,
    {
      details: { reason: 'recipient_ended', workSessionId: deaf.id, status: deaf.status },
    },
  );
}

function assertMayBlock(r: Reader, sender: WorkSessionRecord | undefined, recipients: readonly WorkSessionRecord[]): void {
  if (!sender) throw new Failure('INVALID_PARAMS', 'A blocking message blocks its sender, so it needs "from"; a human sends a request.');
  if (sender.status !== 'active' && sender.status !== 'blocked') {
    throw new Failure('PRECONDITION', `Work session "${sender.name}" is ${sender.status}; only one that runs can wait for another.`, {
      details: { reason: 'sender_not_running', workSessionId: sender.id, status: sender.status },
    });
  }
  const waits = allWaits(r, sender.specTaskId);
  for (const { id, name } of recipients) {
    const back = pathOfWaits(waits, id, sender.id);
    if (!back) continue;
    const names = [sender.id, ...back].map((one) => `"${r.workSessions.get(one)?.name ?? one}"`);
    throw new Failure('PRECONDITION', `"${name}" waits for "${sender.name}" itself (${names.join(' → ')}); answer it, or send a request.`, {
      details: { reason: 'deadlock', path: [sender.id, ...back] },
    });
  }
}

function assertRoom(r: Reader, specTaskId: string, data: Readonly<Record<string, unknown>>): void {
  const sizeBytes = Buffer.byteLength(JSON.stringify(data));
  if (sizeBytes > limits.messageDataBytes) {
    throw new Failure(
      'LIMIT_EXCEEDED',
      `The data of a message may have ${limits.messageDataBytes} bytes, not ${sizeBytes}; send a path instead.`,
      {
        details: { limit: limits.messageDataBytes, sizeBytes },
      },
    );
  }
  const count = r.messages.count(specTaskId);
  if (count >= limits.messagesPerTask) {
    throw new Failure('LIMIT_EXCEEDED', `The spec task has ${count} messages, which is the most there may be.`, {
      details: { limit: limits.messagesPerTask, count },
    });
  }
}

/** Who answers has read the question. */
function settleByAnswer(w: Writer, messageId: string, recipientId: string, by: ChangedBy): void {
  const delivery: DeliveryRecord | undefined = w.messages.delivery(messageId, recipientId);
  if (delivery?.status === 'queued' || delivery?.status === 'delivered') moveDelivery(w, delivery, 'acked', by);
}
