import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, page, Ref, Time } from './primitives.ts';

export const optionKinds = ['allow_once', 'allow_always', 'reject_once', 'reject_always'] as const;

const Option = z.object({ optionId: z.string(), name: z.string(), kind: z.enum(optionKinds) });

/** What an agent asks before it does something. */
export const Permission = z
  .object({
    id: Id,
    threadId: Id,
    workSessionId: Id.optional(),
    specTaskId: Id,
    title: z.string(),
    toolCall: z.unknown().describe('As the agent described it.'),
    options: z.array(Option),
    status: z.enum(['pending', 'answered', 'withdrawn']),
    answer: z.string().optional().describe('The optionId that was chosen.'),
    answeredBy: z.string().optional().describe('A caller, or policy:<rule>.'),
    requestedAt: Time,
    answeredAt: Time.optional(),
  })
  .meta({ id: 'Permission' });
export type Permission = z.infer<typeof Permission>;

export const permissionMethods = {
  'permission.list': defineMethod({
    summary: 'What agents asked, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask: Ref.optional(), status: z.enum(['pending', 'answered', 'withdrawn']).optional() },
    result: z.object({ permissions: z.array(Permission), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'permission.answer': defineMethod({
    summary: 'Answers an agent. The first valid answer wins.',
    access: 'approve',
    effect: 'mutation',
    params: { id: idOf('a permission', 'coppice permission list'), optionId: z.string().min(1).max(limits.nameChars) },
    result: Permission,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'INVALID_PARAMS'],
  }),
};

export const permissionEvents = {
  'permission.requested': defineEvent({
    summary: 'An agent asks before it does something.',
    data: z.object({ permissionId: Id, threadId: Id, title: z.string(), options: z.array(Option) }),
  }),
  'permission.answered': defineEvent({
    summary: 'Somebody, or policy, answered an agent.',
    data: z.object({ permissionId: Id, threadId: Id, optionId: z.string(), kind: z.enum(optionKinds), by: z.string() }),
  }),
  'permission.withdrawn': defineEvent({
    summary: 'The question is gone: its turn or agent ended.',
    data: z.object({ permissionId: Id, threadId: Id, reason: z.string() }),
  }),
};
