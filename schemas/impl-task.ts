import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, page, Ref, Sha256, Time } from './primitives.ts';
import { Priority } from './spec-task.ts';

export const implTaskStatuses = ['pending', 'assigned', 'in_progress', 'blocked', 'completed', 'skipped', 'obsolete'] as const;
export const ImplTaskStatus = z.enum(implTaskStatuses);
export type ImplTaskStatus = z.infer<typeof ImplTaskStatus>;

export const efforts = ['small', 'medium', 'large'] as const;
export const Effort = z.enum(efforts);
export type Effort = z.infer<typeof Effort>;

/** One parsed item of an approved plan. */
export const ImplTask = z
  .object({
    id: Id,
    specTaskId: Id,
    label: z.string(),
    key: z.string().describe('The title in lower case, other characters "-"; at most 48.'),
    index: z.int(),
    title: z.string(),
    description: z.string(),
    acceptance: z.array(z.string()),
    effort: Effort,
    effortSource: z.string(),
    estimateHours: z.number().optional(),
    priority: Priority,
    dependencies: z.array(Id).describe('Implementation tasks that must be completed and merged first.'),
    files: z.array(z.string()),
    verify: z.array(z.string()).describe('Shell commands that prove it.'),
    group: z.string().optional(),
    parallel: z.boolean().describe('May run beside tasks that declare the same files.'),
    agent: z.string().optional(),
    initialStatus: z.enum(['pending', 'completed']),
    startedHint: z.boolean(),
    story: z.string().optional(),
    requirements: z.array(z.string()),
    contentHash: Sha256,
    planRevision: z.int(),
    drifted: z.boolean().describe('A later revision says something else than what was started.'),
    status: ImplTaskStatus.describe('Follows from its work session.'),
    workSessionId: Id.optional(),
    waitsFor: z.string().optional().describe('Why it does not run, in words.'),
    createdAt: Time,
  })
  .meta({ id: 'ImplTask' });
export type ImplTask = z.infer<typeof ImplTask>;

const id = idOf('an implementation task', 'coppice task show');

export const implTaskMethods = {
  'implTask.list': defineMethod({
    summary: 'The implementation tasks of a spec task, in plan order.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask: Ref, project: Ref.optional(), status: z.array(ImplTaskStatus).optional() },
    result: z.object({ implTasks: z.array(ImplTask), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'implTask.get': defineMethod({
    summary: 'One implementation task.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: ImplTask,
    errors: ['NOT_FOUND'],
  }),
  'implTask.update': defineMethod({
    summary: 'Changes a task that has not started.',
    access: 'operate',
    effect: 'mutation',
    params: {
      id,
      title: z.string().min(1).max(200).optional(),
      description: z.string().max(limits.commentChars).optional(),
      acceptance: z.array(z.string().min(1).max(limits.commentChars)).max(100).optional(),
      effort: Effort.optional(),
      priority: Priority.optional(),
      files: z.array(z.string().min(1).max(1_024)).max(200).optional(),
      verify: z.array(z.string().min(1).max(limits.argumentBytes)).max(20).optional(),
    },
    result: ImplTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'implTask.skip': defineMethod({
    summary: 'Takes a task that has not started out; what depends on it no longer waits for it.',
    access: 'operate',
    effect: 'mutation',
    params: { id, reason: z.string().max(limits.nameChars).optional() },
    result: ImplTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'implTask.setDependencies': defineMethod({
    summary: 'Says anew what a task that has not started waits for; a cycle is refused with its path.',
    access: 'operate',
    effect: 'mutation',
    params: { id, dependencies: z.array(id).max(limits.planDependencies) },
    result: ImplTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PLAN_INVALID'],
  }),
};

export const implTaskEvents = {
  'implTask.created': defineEvent({
    summary: 'An implementation task was made of an approved plan.',
    data: z.object({ implTaskId: Id, label: z.string(), title: z.string() }),
  }),
  'implTask.statusChanged': defineEvent({
    summary: 'An implementation task went on to another status.',
    data: z.object({ implTaskId: Id, label: z.string(), from: ImplTaskStatus, to: ImplTaskStatus, reason: z.string().optional() }),
  }),
  'implTask.updated': defineEvent({
    summary: 'What an implementation task says changed.',
    data: z.object({ implTaskId: Id, label: z.string(), keys: z.array(z.string()) }),
  }),
};
