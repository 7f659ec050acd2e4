import { z } from 'zod';
import { defineEvent } from './define.ts';
import { Id } from './primitives.ts';
import { WorkSessionStatus, workSessionStages } from './work-session.ts';

const Named = { workSessionId: Id, name: z.string() };

export const workSessionEvents = {
  'workSession.created': defineEvent({
    summary: 'A work session was made for an implementation task, or ad hoc.',
    data: z.object({ ...Named, kind: z.enum(['planned', 'ad_hoc']), label: z.string().optional(), branch: z.string() }),
  }),
  'workSession.spawned': defineEvent({
    summary: 'A work session made a child.',
    data: z.object({ ...Named, parentId: Id, depth: z.int(), branch: z.string() }),
  }),
  'workSession.statusChanged': defineEvent({
    summary: 'A work session went on to another status or stage.',
    data: z.object({
      ...Named,
      from: WorkSessionStatus,
      to: WorkSessionStatus,
      stage: z.enum(workSessionStages).optional(),
      reason: z.string().optional(),
      detail: z.string().optional(),
    }),
  }),
  'workSession.progressReported': defineEvent({
    summary: 'A work session told how far it is.',
    data: z.object({ ...Named, progress: z.number(), note: z.string().optional() }),
  }),
  'workSession.updated': defineEvent({
    summary: 'What a work session is called or needs changed.',
    data: z.object({ ...Named, keys: z.array(z.string()) }),
  }),
  'workSession.verified': defineEvent({
    summary: 'The verify commands of a work session ran.',
    data: z.object({ ...Named, passed: z.boolean(), attempt: z.int(), command: z.string().optional(), exitCode: z.int().optional() }),
  }),
  'workSession.merged': defineEvent({
    summary: 'The branch of a work session is on the branch it goes into.',
    data: z.object({ ...Named, into: z.string(), before: z.string(), commit: z.string() }),
  }),
  'workSession.mergeReverted': defineEvent({
    summary: 'The plan-wide verify failed after a merge, which was taken back.',
    data: z.object({ ...Named, into: z.string(), commit: z.string(), command: z.string(), exitCode: z.int().optional() }),
  }),
  'workSession.helpRequested': defineEvent({
    summary: 'A work session asked a human.',
    data: z.object({ ...Named, question: z.string() }),
  }),
};
