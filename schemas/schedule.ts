import { z } from 'zod';
import { Arguments } from './command.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';
import { Session, startErrors } from './session.ts';

export const Schedule = z
  .object({
    id: Id,
    projectId: Id,
    commandName: z.string(),
    cron: z.string(),
    timezone: z.string().optional(),
    arguments: z.record(z.string(), z.unknown()),
    overlap: z.enum(['skip', 'queue']),
    source: z.enum(['file', 'call']).describe('file: the command file names it; call: schedule.create did.'),
    nextAt: Time.optional(),
    lastAt: Time.optional(),
    lastSessionId: Id.optional(),
    missed: z.int().describe('Times that passed while no daemon ran; they are told, not made up for.'),
    createdAt: Time,
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof Schedule>;

const id = idOf('a schedule', 'coppice schedule list');

export const scheduleMethods = {
  'schedule.list': defineMethod({
    summary: 'Schedules, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional() },
    result: z.object({ schedules: z.array(Schedule), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'schedule.get': defineMethod({
    summary: 'One schedule.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: Schedule,
    errors: ['NOT_FOUND'],
  }),
  'schedule.create': defineMethod({
    summary: 'Starts a command at the times of a cron expression, with the environment of the daemon.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref,
      command: z.string().min(1).max(limits.nameChars),
      cron: z.string().min(1).max(100),
      timezone: z.string().min(1).max(100).optional(),
      arguments: Arguments.default({}),
      overlap: z.enum(['skip', 'queue']).default('skip'),
    },
    result: Schedule,
    errors: ['NOT_FOUND', 'COMMAND_INVALID', 'PRECONDITION', 'POLICY_DENIED'],
  }),
  'schedule.remove': defineMethod({
    summary: 'Ends a schedule made by a call; one of a command file goes with its line in the file.',
    access: 'operate',
    effect: 'mutation',
    params: { id },
    result: Ok,
    errors: ['NOT_FOUND', 'PRECONDITION'],
  }),
  'schedule.runNow': defineMethod({
    summary: 'Starts the session of a schedule at once.',
    access: 'operate',
    effect: 'mutation',
    params: { id },
    result: Session,
    errors: [...startErrors],
  }),
};

export const scheduleEvents = {
  'schedule.created': defineEvent({
    summary: 'A command is to run at certain times.',
    data: z.object({ scheduleId: Id, commandName: z.string(), cron: z.string() }),
  }),
  'schedule.removed': defineEvent({ summary: 'A schedule is gone.', data: z.object({ scheduleId: Id, commandName: z.string() }) }),
  'schedule.fired': defineEvent({
    summary: 'A schedule started a session.',
    data: z.object({ scheduleId: Id, sessionId: Id, commandName: z.string() }),
  }),
  'schedule.skipped': defineEvent({
    summary: 'A time of a schedule passed without a session.',
    data: z.object({
      scheduleId: Id,
      commandName: z.string(),
      reason: z.enum(['overlap', 'failed', 'missed']),
      count: z.int(),
      error: z.string().optional(),
    }),
  }),
};
