import type { PlanTask, TaskPriority } from '../../../schemas/plan.ts';
import type { LabelledDraft } from './assign-labels.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type Effort, readEffort } from './effort.ts';
import { keyOf } from './key.ts';
import { readPriority } from './priority.ts';

export interface Rating extends Effort {
  readonly priority: TaskPriority;
}

const noEffort: Effort = { effort: 'medium', effortSource: 'default', estimateHours: null };

/** What the plan says of effort and priority. What can not be read counts as medium, with a warning. */
export function rate({ effort: effortText, priority: priorityText, line }: LabelledDraft, diagnostics: Diagnostics): Rating {
  const effort = effortText === undefined ? noEffort : readEffort(effortText);
  if (effort === undefined) diagnostics.warning('unrecognised_effort', line, effortText ?? '');
  const priority = priorityText === undefined ? 'medium' : readPriority(priorityText);
  if (priority === undefined) diagnostics.warning('unrecognised_priority', line, priorityText ?? '');
  return { ...(effort ?? { ...noEffort, effortSource: 'unrecognised' }), priority: priority ?? 'medium' };
}

export function taskOf(draft: LabelledDraft, index: number, rating: Rating, dependencies: number[]): PlanTask {
  const title = draft.title || `Task ${draft.label}`;
  return {
    index,
    label: draft.label,
    key: keyOf(title),
    title,
    description: draft.description,
    acceptance: [...draft.acceptance],
    effort: rating.effort,
    effortSource: rating.effortSource,
    estimateHours: rating.estimateHours,
    priority: rating.priority,
    dependencies,
    initialStatus: draft.box === 'done' ? 'completed' : 'pending',
    startedHint: draft.box === 'started',
    group: draft.group ?? null,
    parallel: draft.parallel,
    story: draft.story ?? null,
    files: [...draft.files],
    verify: [...draft.verify],
    requirements: [...draft.requirements],
    ...(draft.agent !== undefined && { agent: draft.agent }),
    line: draft.line,
  };
}
