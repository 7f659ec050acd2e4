import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, page, Ref, Time } from './primitives.ts';

export const attentionKinds = [
  'review',
  'question',
  'permission',
  'merge_conflict',
  'verify_failed',
  'merge_reverted',
  'silent',
  'login_required',
  'instance_lost',
  'base_checked_out',
  'drifted',
  'degraded',
  'ready_to_land',
] as const;
export type AttentionKind = (typeof attentionKinds)[number];

/** Something that waits for a human. */
export const Attention = z
  .object({
    id: Id,
    kind: z.enum(attentionKinds),
    status: z.enum(['open', 'cleared']),
    title: z.string(),
    detail: z.string().optional(),
    remedy: z.string().optional().describe('What to do, as a command where there is one.'),
    projectId: Id.optional(),
    specTaskId: Id.optional(),
    workSessionId: Id.optional(),
    sessionId: Id.optional(),
    refId: z.string().optional().describe('The permission, comment or group it is about.'),
    raisedAt: Time,
    clearedAt: Time.optional(),
    clearedBy: z.string().optional(),
  })
  .meta({ id: 'Attention' });
export type Attention = z.infer<typeof Attention>;

export const attentionMethods = {
  'attention.list': defineMethod({
    summary: 'What waits for a human, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional(), specTask: Ref.optional(), status: z.enum(['open', 'cleared']).default('open') },
    result: z.object({ attention: z.array(Attention), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'attention.get': defineMethod({
    summary: 'One thing that waits for a human.',
    access: 'read',
    effect: 'read',
    params: { id: idOf('an attention', 'coppice attention') },
    result: Attention,
    errors: ['NOT_FOUND'],
  }),
  'attention.clear': defineMethod({
    summary: 'Takes it off the list; what it is about is not answered by that.',
    access: 'operate',
    effect: 'mutation',
    params: { id: idOf('an attention', 'coppice attention') },
    result: Attention,
    errors: ['NOT_FOUND'],
  }),
};

export const attentionEvents = {
  'attention.raised': defineEvent({
    summary: 'Something waits for a human.',
    data: z.object({ attentionId: Id, kind: z.enum(attentionKinds), title: z.string().max(limits.errorMessageChars) }),
  }),
  'attention.cleared': defineEvent({
    summary: 'It does not wait any more.',
    data: z.object({ attentionId: Id, kind: z.enum(attentionKinds), by: z.string() }),
  }),
};
