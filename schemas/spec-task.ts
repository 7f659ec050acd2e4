import { z } from 'zod';
import { defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { ParsedPlan } from './plan.ts';

export const specTaskMethods = {
  'specTask.parsePlan': defineMethod({
    summary: 'Reads a plan without keeping it: its tasks, and what is wrong in it as diagnostics. No project is needed.',
    access: 'read',
    effect: 'read',
    params: {
      text: z.string().max(limits.messageBytes).describe('Markdown.'),
      strict: z.boolean().default(false).describe('A dependency on what is not there is an error, not a warning.'),
    },
    result: ParsedPlan,
  }),
};
