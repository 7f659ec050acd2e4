import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { Id, NextCursor, page, Time } from './primitives.ts';
import { PromptText, workSessionRef } from './work-session.ts';

/** A prompt with its receipt. `accepted` needs proof: the agent's answer, a hook, or its own log. */
export const Prompt = z
  .object({
    id: Id,
    workSessionId: Id,
    threadId: Id.optional(),
    content: z.string(),
    interrupt: z.boolean(),
    status: z.enum(['queued', 'typed', 'submitted', 'accepted', 'failed']),
    proof: z.string().optional().describe('What shows that it was accepted.'),
    failure: z.string().optional(),
    attempts: z.int(),
    origin: z.string().describe('owner, daemon, token:<name>, session:<id>.'),
    createdAt: Time,
    settledAt: Time.optional(),
  })
  .meta({ id: 'Prompt' });
export type Prompt = z.infer<typeof Prompt>;

export const promptMethods = {
  'workSession.sendPrompt': defineMethod({
    summary: 'Queues a prompt. The receipt tells how far it came; a second call with the same idempotencyKey is the same prompt.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, content: PromptText, interrupt: z.boolean().default(false).describe('End the running turn first.') },
    result: Prompt,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'workSession.listPrompts': defineMethod({
    summary: 'The prompts of a work session with their receipts, newest first.',
    access: 'read',
    effect: 'read',
    params: { id: workSessionRef, ...page },
    result: z.object({ prompts: z.array(Prompt), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
};

export const promptEvents = {
  'prompt.changed': defineEvent({
    summary: 'The receipt of a prompt went on.',
    data: z.object({
      promptId: Id,
      workSessionId: Id.optional().describe('Absent for prompts of the planner.'),
      status: Prompt.shape.status,
      proof: z.string().optional(),
      failure: z.string().optional(),
    }),
  }),
};
