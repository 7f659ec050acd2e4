import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, page, Ref, Time } from './primitives.ts';
import { Revision } from './spec-task.ts';
import { documents } from './task-words.ts';

/** Where a comment stands. A comment whose quoted text is gone from a later revision becomes obsolete. */
const Anchor = {
  document: z.enum(documents),
  section: z.string().max(limits.nameChars).optional().describe('Heading above the line.'),
  line: z.int().min(1).optional(),
  quote: z.string().max(limits.commentChars).optional().describe('Text that the comment is about, literally.'),
};

export const Comment = z
  .object({
    id: Id,
    specTaskId: Id,
    revision: z.int(),
    ...Anchor,
    body: z.string(),
    blocking: z.boolean().describe('An open one stands in the way of an approval.'),
    status: z.enum(['open', 'resolved', 'obsolete']),
    author: z.string(),
    replies: z.array(z.object({ author: z.string(), body: z.string(), at: Time })),
    createdAt: Time,
    resolvedAt: Time.optional(),
    resolvedBy: z.string().optional(),
  })
  .meta({ id: 'Comment' });
export type Comment = z.infer<typeof Comment>;

const specTask = Ref.describe('Spec task id, or "#<number>" with project.');
const project = Ref.optional();
const commentId = idOf('a comment', 'coppice task comments');
const Body = z.string().min(1).max(limits.commentChars);

export const reviewMethods = {
  'review.list': defineMethod({
    summary: 'The revisions of a spec task without their documents, and its comments.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask, project, status: z.enum(['open', 'resolved', 'obsolete']).optional() },
    result: z.object({
      revisions: z.array(Revision.omit({ requirements: true, design: true, plan: true })),
      comments: z.array(Comment),
      nextCursor: NextCursor,
    }),
    errors: ['NOT_FOUND'],
  }),
  'review.addComment': defineMethod({
    summary: 'Comments on a revision, at a place of a document.',
    access: 'approve',
    effect: 'mutation',
    params: { specTask, project, revision: z.int().min(1), ...Anchor, body: Body, blocking: z.boolean().default(true) },
    result: Comment,
    errors: ['NOT_FOUND', 'CONFLICT', 'PRECONDITION'],
  }),
  'review.reply': defineMethod({
    summary: 'Answers a comment. The planner of the task may.',
    access: 'session',
    effect: 'mutation',
    params: { id: commentId, body: Body },
    result: Comment,
    errors: ['NOT_FOUND'],
  }),
  'review.resolveComment': defineMethod({
    summary: 'Marks a comment as resolved, or opens it again.',
    access: 'approve',
    effect: 'mutation',
    params: { id: commentId, resolved: z.boolean().default(true) },
    result: Comment,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
};

export const reviewEvents = {
  'review.commentAdded': defineEvent({
    summary: 'Somebody commented on a revision.',
    data: z.object({ commentId: Id, revision: z.int(), document: z.enum(documents), blocking: z.boolean() }),
  }),
  'review.commentReplied': defineEvent({ summary: 'A comment was answered.', data: z.object({ commentId: Id }) }),
  'review.commentResolved': defineEvent({
    summary: 'A comment was resolved, opened again, or lost its place.',
    data: z.object({ commentId: Id, status: z.enum(['open', 'resolved', 'obsolete']) }),
  }),
};
