// What a plan becomes: implementation tasks in waves, and what is wrong or unclear in it. Also the shape of a fenced `tasks` block.
import { z } from 'zod';

/** How the tasks were found, in the order in which the ways are tried. */
export const planStrategies = ['block', 'headings', 'checklist', 'phases', 'ordered', 'fallback'] as const;
export type PlanStrategy = (typeof planStrategies)[number];

export const taskEfforts = ['small', 'medium', 'large'] as const;
export type TaskEffort = (typeof taskEfforts)[number];

/** explicit is a word, default is none at all. */
export const effortSources = ['explicit', 'points', 'duration', 'unrecognised', 'default'] as const;
export type EffortSource = (typeof effortSources)[number];

export const taskPriorities = ['low', 'medium', 'high', 'critical'] as const;
export type TaskPriority = (typeof taskPriorities)[number];

export const planCodes = [
  'no_tasks_found',
  'self_dependency',
  'dependency_cycle',
  'duplicate_label',
  'bad_dependency_range',
  'unknown_dependency',
  'unresolved_dependency',
  'unrecognised_effort',
  'unrecognised_priority',
  'checkbox_outside_phase',
  'invalid_block',
  'invalid_front_matter',
  'plan_too_large',
  'too_many_tasks',
  'too_many_dependencies',
  'more_diagnostics',
] as const;
export type PlanCode = (typeof planCodes)[number];

export const PlanDiagnostic = z.object({
  level: z.enum(['error', 'warning']),
  code: z.enum(planCodes),
  line: z.int().describe('Of the task or the thing itself, from 1.'),
  message: z.string().describe('What the code is about: a label, a path of labels, a text of the plan.'),
});
export type PlanDiagnostic = z.infer<typeof PlanDiagnostic>;

export const PlanTask = z
  .object({
    index: z.int().describe('Position in the plan, from 0.'),
    label: z.string().describe('What the plan calls it: 2, 1.1, T003. Unique in its plan.'),
    key: z.string().describe('The title in lower case, other characters as "-", at most 48.'),
    title: z.string(),
    description: z.string().describe('Markdown.'),
    acceptance: z.array(z.string()),
    effort: z.enum(taskEfforts),
    effortSource: z.enum(effortSources),
    estimateHours: z.number().nullable(),
    priority: z.enum(taskPriorities),
    dependencies: z.array(z.int()).describe('Indices, ascending.'),
    initialStatus: z.enum(['pending', 'completed']).describe('completed: its box was ticked.'),
    startedHint: z.boolean().describe('Its box was marked as begun.'),
    group: z.string().nullable().describe('Heading of its phase.'),
    parallel: z.boolean(),
    story: z.string().nullable(),
    files: z.array(z.string()),
    verify: z.array(z.string()).describe('Commands.'),
    requirements: z.array(z.string()),
    agent: z.string().optional().describe('Absent when the plan names none.'),
    line: z.int().describe('Where it begins, from 1.'),
  })
  .meta({ id: 'PlanTask' });
export type PlanTask = z.infer<typeof PlanTask>;

export const ParsedPlan = z
  .object({
    strategy: z.enum(planStrategies),
    meta: z.record(z.string(), z.unknown()).describe('The front matter; scalars as they are written.'),
    tasks: z.array(PlanTask),
    waves: z.array(z.array(z.string())).nullable().describe('Labels, each wave after the one before; null when tasks wait for themselves.'),
    diagnostics: z.array(PlanDiagnostic).describe('By line. With an error the plan can not be approved.'),
  })
  .meta({ id: 'ParsedPlan' });
export type ParsedPlan = z.infer<typeof ParsedPlan>;

const text = z.string('must be text');
/** A text is a list too, one entry a line, with or without the marks of a list. */
const texts = z.union([z.array(z.string()), z.string().transform(linesOf)], 'must be text or a list of texts');

/** One entry of a fenced `tasks` list. Each key may also go by any of its other names in a body: `done when`, `depends_on`, … */
export const PlanBlockTask = z.strictObject({
  title: text.min(1, 'must not be empty'),
  label: text.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'must be letters, digits, ".", "_" and "-", at most 32').optional(),
  description: text.optional(),
  acceptance: texts.optional(),
  effort: text.optional(),
  dependencies: texts.optional(),
  priority: text.optional(),
  files: texts.optional(),
  requirements: texts.optional(),
  verify: texts.optional(),
  agent: text.optional(),
  group: text.optional(),
  story: text.optional(),
  parallel: z.enum(['true', 'false'], 'must be true or false').optional(),
  status: z.enum(['pending', 'in_progress', 'completed'], 'must be pending, in_progress or completed').optional(),
});
export type PlanBlockTask = z.infer<typeof PlanBlockTask>;

export const PlanBlock = z.array(PlanBlockTask, 'must be a list of tasks').min(1, 'holds no task');

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^[-*+]\s+/, ''))
    .filter((line) => line !== '');
}
