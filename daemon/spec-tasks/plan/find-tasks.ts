import { limits } from '../../../schemas/limits.ts';
import type { PlanStrategy } from '../../../schemas/plan.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type Draft, draftOf } from './draft.ts';
import type { Line } from './lines.ts';
import type { Section } from './section.ts';
import { readBlock } from './strategies/block.ts';
import { readChecklist } from './strategies/checklist.ts';
import { wholePlan } from './strategies/fallback.ts';
import { headingSections } from './strategies/headings.ts';
import { orderedSections } from './strategies/ordered.ts';
import { phaseSections } from './strategies/phases.ts';

interface Found {
  readonly strategy: PlanStrategy;
  readonly drafts: readonly Draft[];
}

/** The first strategy that yields a task wins. A block of tasks that is wrong wins too, with none: somebody meant it. */
export function findTasks(lines: readonly Line[], diagnostics: Diagnostics): Found {
  const block = readBlock(lines, diagnostics);
  if (block) return { strategy: 'block', drafts: withinLimit(block, diagnostics) };
  const { strategy, sections } = findSections(lines, diagnostics);
  if (sections.length > 0) return { strategy, drafts: withinLimit(sections, diagnostics).map(draftOf) };
  const whole = wholePlan(lines);
  diagnostics.warning('no_tasks_found', whole.line, 'single task created from the whole plan');
  return { strategy, drafts: [whole] };
}

function findSections(lines: readonly Line[], diagnostics: Diagnostics): { strategy: PlanStrategy; sections: readonly Section[] } {
  const headings = headingSections(lines);
  if (headings.length > 0) return { strategy: 'headings', sections: headings };
  const { sections, outside } = readChecklist(lines);
  for (const line of outside) diagnostics.warning('checkbox_outside_phase', line, 'ignored');
  if (sections.length > 0) return { strategy: 'checklist', sections };
  const phases = phaseSections(lines);
  if (phases.length > 0) return { strategy: 'phases', sections: phases };
  const ordered = orderedSections(lines);
  return ordered.length > 0 ? { strategy: 'ordered', sections: ordered } : { strategy: 'fallback', sections: [] };
}

function withinLimit<T extends { readonly line: number }>(found: readonly T[], diagnostics: Diagnostics): readonly T[] {
  const first = found[limits.planTasks];
  if (first) diagnostics.error('too_many_tasks', first.line, `${found.length} tasks, at most ${limits.planTasks} are allowed`);
  return found.slice(0, limits.planTasks);
}
