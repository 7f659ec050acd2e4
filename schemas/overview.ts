import { z } from 'zod';
import { Attention } from './attention.ts';
import { defineMethod } from './define.ts';
import { Event } from './event.ts';
import { ImplTask } from './impl-task.ts';
import { Instance, Thread } from './instance.ts';
import { Id, Ref } from './primitives.ts';
import { Progress, SpecTask } from './spec-task.ts';
import { WorkSession } from './work-session.ts';

export const overviewMethods = {
  'specTask.overview': defineMethod({
    summary: 'All there is to show of a spec task in one answer, and the position to subscribe from.',
    access: 'read',
    effect: 'read',
    params: { id: Ref, project: Ref.optional() },
    result: z.object({
      specTask: SpecTask,
      progress: Progress,
      counts: z.object({ implTasks: z.record(z.string(), z.int()), workSessions: z.record(z.string(), z.int()) }),
      implTasks: z.array(ImplTask),
      workSessions: z.array(WorkSession),
      instance: Instance.optional(),
      threads: z.array(Thread),
      mergeQueue: z.array(z.object({ workSessionId: Id, name: z.string(), position: z.int() })),
      attention: z.array(Attention),
      recentActivity: z.array(Event),
      criticalPath: z.array(z.string()).describe('Labels of the longest path that remains.'),
      asOfSeq: z.int().describe('Everything here is as of this event.'),
      cursor: z.string(),
    }),
    errors: ['NOT_FOUND'],
  }),
};
