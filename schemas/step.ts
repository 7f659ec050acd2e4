import { z } from 'zod';
import { runIns, stepTypes } from './command.ts';
import { defineEvent } from './define.ts';
import { Id, Time } from './primitives.ts';

export const stepStatuses = ['pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped', 'lost'] as const;
export const StepStatus = z.enum(stepStatuses);
export type StepStatus = z.infer<typeof StepStatus>;

export const stepPhases = ['lifecycle', 'pre', 'main', 'post', 'cleanup', 'finally'] as const;
export type StepPhase = (typeof stepPhases)[number];

export const StepAttempt = z.object({
  attempt: z.int(),
  startedAt: Time.optional(),
  endedAt: Time.optional(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  reason: z.string().optional(),
  error: z.string().optional(),
  outputOffset: z.int(),
  outputSize: z.int(),
});
export type StepAttempt = z.infer<typeof StepAttempt>;

export const StepRun = z
  .object({
    id: Id,
    sessionId: Id,
    index: z.int().describe('Counts from 1 through the phases; 0 for lifecycle work.'),
    phase: z.enum(stepPhases),
    attempt: z.int(),
    name: z.string(),
    type: z.enum([...stepTypes, 'lifecycle']),
    runIn: z.enum(runIns),
    status: StepStatus,
    startedAt: Time.optional(),
    endedAt: Time.optional(),
    exitCode: z.int().optional(),
    signal: z.string().optional().describe('SIGTERM and the like, when a signal ended it.'),
    reason: z.string().optional(),
    error: z.string().optional(),
    outputPath: z.string().optional(),
    outputOffset: z.int().describe('Where the output of this attempt begins in the file.'),
    outputSize: z.int(),
    retryAt: Time.optional().describe('While it backs off: when its next attempt begins.'),
    earlierAttempts: z.array(StepAttempt).optional().describe('What came of the attempts before this one.'),
  })
  .meta({ id: 'StepRun' });
export type StepRun = z.infer<typeof StepRun>;

export const stepEvents = {
  'step.started': defineEvent({
    summary: 'A step began.',
    data: z.object({ stepRunId: Id, index: z.int(), phase: z.enum(stepPhases), name: z.string(), attempt: z.int() }),
  }),
  'step.finished': defineEvent({
    summary: 'A step ended, however it did.',
    data: z.object({
      stepRunId: Id,
      index: z.int(),
      phase: z.enum(stepPhases),
      name: z.string(),
      status: StepStatus,
      exitCode: z.int().optional(),
      signal: z.string().optional(),
      reason: z.string().optional(),
      error: z.string().optional(),
    }),
  }),
  'retry.scheduled': defineEvent({
    summary: 'An attempt of a step failed, and another one follows.',
    data: z.object({
      stepRunId: Id,
      index: z.int(),
      phase: z.enum(stepPhases),
      name: z.string(),
      attempt: z.int().describe('The one that failed.'),
      nextAttempt: z.int(),
      delayMs: z.int(),
      retryAt: Time,
      exitCode: z.int().optional(),
      signal: z.string().optional(),
      reason: z.string().optional(),
      error: z.string().optional(),
    }),
  }),
};
