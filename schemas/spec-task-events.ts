import { z } from 'zod';
import { defineEvent } from './define.ts';
import { SpecTaskStatus } from './spec-task.ts';

const transition = z.object({ number: z.int(), name: z.string(), from: SpecTaskStatus, to: SpecTaskStatus, reason: z.string().optional() });

export const specTaskEvents = {
  'specTask.created': defineEvent({ summary: 'A request was recorded.', data: z.object({ number: z.int(), name: z.string() }) }),
  'specTask.updated': defineEvent({ summary: 'What was said of a task changed.', data: z.object({ keys: z.array(z.string()) }) }),
  'specTask.statusChanged': defineEvent({ summary: 'A task went on to another status.', data: transition }),
  'specTask.specsSubmitted': defineEvent({
    summary: 'A revision is there for review.',
    data: z.object({ revision: z.int(), source: z.string(), tasks: z.int() }),
  }),
  'specTask.approvalRecorded': defineEvent({
    summary: 'One of several needed approvals was given.',
    data: z.object({ revision: z.int(), by: z.string(), missing: z.int() }),
  }),
  'specTask.approved': defineEvent({ summary: 'One exact revision was approved.', data: z.object({ revision: z.int() }) }),
  'specTask.changesRequested': defineEvent({
    summary: 'A revision went back to its planner.',
    data: z.object({ revision: z.int(), comments: z.int() }),
  }),
  'specTask.planUpdated': defineEvent({
    summary: 'The plan of a running implementation was replaced.',
    data: z.object({ revision: z.int() }),
  }),
  'specTask.landed': defineEvent({
    summary: 'The result is on the base branch, or in a pull request.',
    data: z.object({ baseBranch: z.string(), commit: z.string().optional(), url: z.string().optional() }),
  }),
  'specTask.archived': defineEvent({ summary: 'A task was put away.', data: z.object({ number: z.int() }) }),
};
