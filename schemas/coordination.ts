import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const messageTypes = ['handoff', 'blocking', 'notification', 'request', 'response', 'broadcast', 'completion', 'spawn'] as const;
/** The last two are the daemon's own. */
export const sentTypes = ['handoff', 'blocking', 'notification', 'request', 'response', 'broadcast'] as const;
export const deliveryStatuses = ['queued', 'delivered', 'acked', 'expired'] as const;

const Delivery = z.object({
  recipientId: Id.describe('A work session.'),
  status: z.enum(deliveryStatuses),
  deliveredAt: Time.optional(),
  ackedAt: Time.optional(),
});

export const Message = z
  .object({
    id: Id,
    specTaskId: Id,
    senderId: Id.optional().describe('A work session; absent: the daemon or a human.'),
    type: z.enum(messageTypes),
    inReplyTo: Id.optional(),
    body: z.string(),
    data: z.record(z.string(), z.unknown()),
    deliveries: z.array(Delivery).describe('One a recipient, each with its own acknowledgement.'),
    createdAt: Time,
    expiresAt: Time.optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

const specTask = Ref;
const project = Ref.optional();

export const coordinationMethods = {
  'coordination.send': defineMethod({
    summary: 'Sends a message to other work sessions of the same spec task; blocking blocks the sender until an answer.',
    access: 'session',
    effect: 'mutation',
    params: {
      from: Ref.optional().describe('A work session; default: that of the caller, or a human.'),
      to: z.array(Ref).max(limits.workSessionsPerTask).default([]).describe('Work sessions; a broadcast needs none and goes to all.'),
      specTask: Ref.optional().describe('For a human without a work session; default: that of the first recipient.'),
      project,
      type: z.enum(sentTypes),
      body: z.string().min(1).max(limits.commentChars),
      data: z.record(z.string(), z.unknown()).default({}),
      inReplyTo: idOf('a message', 'coppice message list').optional(),
      expiresInSeconds: z.int().min(1).max(604_800).optional(),
    },
    result: Message,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'coordination.list': defineMethod({
    summary: 'Messages of a spec task, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask, project, type: z.enum(messageTypes).optional(), open: z.boolean().default(false) },
    result: z.object({ messages: z.array(Message), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'coordination.inbox': defineMethod({
    summary: 'What waits for one work session, oldest first; reading it delivers.',
    access: 'session',
    effect: 'mutation',
    params: { workSession: Ref, limit: page.limit },
    result: z.object({ messages: z.array(Message) }),
    errors: ['NOT_FOUND'],
  }),
  'coordination.ack': defineMethod({
    summary: 'Acknowledges a message for one recipient; it stays open for the others.',
    access: 'session',
    effect: 'mutation',
    params: { id: idOf('a message', 'coppice message list'), workSession: Ref },
    result: Message,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'coordination.summary': defineMethod({
    summary: 'Messages of a spec task by type and delivery, and who waits for whom.',
    access: 'read',
    effect: 'read',
    params: { specTask, project },
    result: z.object({
      byType: z.record(z.string(), z.int()),
      byDelivery: z.record(z.string(), z.int()),
      waits: z.array(z.object({ workSessionId: Id, waitsFor: Id, messageId: Id })),
    }),
    errors: ['NOT_FOUND'],
  }),
};

const Entry = z.object({ key: z.string(), value: z.unknown(), version: z.int(), updatedBy: z.string(), updatedAt: Time });
const Key = z.string().min(1).max(limits.nameChars);

export const sharedStateMethods = {
  'sharedState.get': defineMethod({
    summary: 'One value of the shared state of a spec task.',
    access: 'read',
    effect: 'read',
    params: { specTask, project, key: Key },
    result: Entry,
    errors: ['NOT_FOUND'],
  }),
  'sharedState.set': defineMethod({
    summary: 'Writes one value; with ifVersion only over that version (0: only when there is none).',
    access: 'session',
    effect: 'mutation',
    params: { specTask, project, key: Key, value: z.unknown(), ifVersion: z.int().min(0).optional() },
    result: Entry,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  'sharedState.list': defineMethod({
    summary: 'The shared state of a spec task by key.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask, project },
    result: z.object({ entries: z.array(Entry), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'sharedState.delete': defineMethod({
    summary: 'Removes one value.',
    access: 'session',
    effect: 'mutation',
    params: { specTask, project, key: Key, ifVersion: z.int().min(1).optional() },
    result: Ok,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
};

export const coordinationEvents = {
  'coordination.sent': defineEvent({
    summary: 'A message was sent.',
    data: z.object({ messageId: Id, type: z.enum(messageTypes), senderId: Id.optional(), recipients: z.array(Id) }),
  }),
  'coordination.deliveryChanged': defineEvent({
    summary: 'A recipient got, acknowledged or missed a message.',
    data: z.object({ messageId: Id, recipientId: Id, status: z.enum(deliveryStatuses) }),
  }),
};

export const sharedStateEvents = {
  'sharedState.changed': defineEvent({
    summary: 'A value of the shared state was written or removed.',
    data: z.object({ key: z.string(), version: z.int().optional(), removed: z.boolean() }),
  }),
};
