import { z } from 'zod';
import { defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, Ok, Time } from './primitives.ts';
import { Session } from './session.ts';

export const Subject = z.object({
  projectId: Id.optional(),
  sessionId: Id.optional(),
  specTaskId: Id.optional(),
  workSessionId: Id.optional(),
  worktreeId: Id.optional(),
});
export type Subject = z.infer<typeof Subject>;

/** `"<epoch>:<seq>"`, opaque to clients. */
export const Cursor = z.string().regex(/^[0-9a-z]{1,32}:\d{1,15}$/, 'is not a cursor');

export const Event = z
  .object({
    seq: z.int().optional().describe('Absent for ephemeral events.'),
    at: Time,
    type: z.string(),
    subject: Subject,
    actor: z.string().describe('Who caused it: owner, daemon, token:<name>, session:<id>.'),
    data: z.unknown(),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;

const filter = {
  types: z
    .array(
      z
        .string()
        .max(100)
        .regex(/^[A-Za-z*]+(\.[A-Za-z*]+)?$/, 'is not an event type or a glob such as "session.*"'),
    )
    .max(50)
    .optional()
    .describe('Globs over event types; default: all.'),
  subject: Subject.optional().describe('Only events whose subject has these ids.'),
};

export const eventMethods = {
  'event.subscribe': defineMethod({
    summary: 'Replays events after a cursor, then goes on live, as `event` notifications without gap or duplicate.',
    access: 'read',
    effect: 'read',
    params: {
      after: Cursor.optional().describe('Default: the end of the log.'),
      ...filter,
      initial: z.boolean().default(false).describe('Bring a snapshot of the sessions that have not ended.'),
      output: z.boolean().default(false).describe('Bring session.outputGrew of the sessions in subject.sessionId.'),
    },
    result: z.object({
      subscriptionId: z.string(),
      cursor: Cursor.describe('Where this subscription begins.'),
      fresh: z.boolean().describe('The given cursor is of no use: discard what you know and take the snapshot.'),
      snapshot: z.object({ sessions: z.array(Session) }).optional(),
    }),
  }),
  'event.unsubscribe': defineMethod({
    summary: 'Ends a subscription of this connection.',
    access: 'read',
    effect: 'read',
    params: { subscriptionId: z.string().max(64) },
    result: Ok,
    errors: ['NOT_FOUND'],
  }),
  'event.list': defineMethod({
    summary: 'A page of the event log after a cursor.',
    access: 'read',
    effect: 'read',
    params: {
      after: Cursor.optional().describe('Default: the oldest event that is kept.'),
      ...filter,
      limit: z.int().min(1).max(limits.eventPageRows).default(100),
    },
    result: z.object({ events: z.array(Event), cursor: Cursor, fresh: z.boolean(), more: z.boolean() }),
  }),
};

/** Notifications that the daemon sends by itself. */
export const notifications = {
  event: {
    summary: 'Events of one subscription, all that a tick brought.',
    params: z.object({ subscriptionId: z.string(), cursor: Cursor, events: z.array(Event), shed: z.int().optional() }),
  },
  'event.gap': {
    summary: 'Events that this subscription can not get any more.',
    params: z.object({ subscriptionId: z.string(), from: z.int(), to: z.int(), reason: z.enum(['pruned']) }),
  },
  '$/progress': {
    summary: 'How far a call is that was given a progressToken.',
    params: z.object({ token: z.union([z.string(), z.int()]), value: z.unknown() }),
  },
};
