// A plan in Markdown -> its implementation tasks. Pure, linear in the length of the text, and it never throws: whatever the text holds,
// the answer is a result with diagnostics.
import { limits } from '../../../schemas/limits.ts';
import type { ParsedPlan } from '../../../schemas/plan.ts';
import { assignLabels } from './assign-labels.ts';
import { resolveDependencies } from './dependencies.ts';
import { createDiagnostics } from './diagnostics.ts';
import { findTasks } from './find-tasks.ts';
import { readFrontMatter } from './front-matter.ts';
import { readLines, splitLines } from './lines.ts';
import { rate, taskOf } from './task.ts';
import { findCycle, wavesOf } from './waves.ts';

export interface ParseOptions {
  /** A dependency on what is not there is an error. */
  readonly strict?: boolean;
}

/**
 * `text` is Markdown, at most `limits.planBytes` of UTF-8. The result is ParsedPlan of schemas/plan.ts: lines count from 1 in the text as it
 * was given, dependencies are indices of tasks, waves are labels. With a diagnostic of level error the plan is PLAN_INVALID; the rest of the
 * result is what could be read all the same.
 */
export function parsePlan(text: string, { strict = false }: ParseOptions = {}): ParsedPlan {
  const diagnostics = createDiagnostics();
  const sizeBytes = Buffer.byteLength(text);
  const texts = sizeBytes > limits.planBytes ? [] : splitLines(text);
  const excess = excessOf('bytes', sizeBytes, limits.planBytes) ?? excessOf('lines', texts.length, limits.planLines);
  if (excess !== undefined) {
    diagnostics.error('plan_too_large', 1, excess);
    return { strategy: 'fallback', meta: {}, tasks: [], waves: [], diagnostics: diagnostics.sorted() };
  }
  const { meta, lines: skipped } = readFrontMatter(texts, diagnostics);
  const { strategy, drafts } = findTasks(readLines(texts, skipped), diagnostics);

  const labelled = assignLabels(drafts, diagnostics);
  const rated = labelled.map((draft) => ({ draft, rating: rate(draft, diagnostics) }));
  const dependencies = resolveDependencies(labelled, { barrier: meta.phaseBarrier === 'true', strict }, diagnostics);
  const tasks = rated.map(({ draft, rating }, index) => taskOf(draft, index, rating, dependencies[index] ?? []));

  const path = findCycle(dependencies)?.flatMap((index) => tasks[index] ?? []);
  if (path) diagnostics.error('dependency_cycle', path[0]?.line ?? 1, path.map(({ label }) => label).join(' -> '));
  const waves = wavesOf(dependencies)?.map((wave) => wave.flatMap((index) => tasks[index]?.label ?? [])) ?? null;
  return { strategy, meta, tasks, waves, diagnostics: diagnostics.sorted() };
}

function excessOf(unit: string, count: number, most: number): string | undefined {
  return count > most ? `${count} ${unit}, at most ${most} are allowed` : undefined;
}
