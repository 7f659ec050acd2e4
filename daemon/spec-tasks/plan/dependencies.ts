// Which tasks each task waits for: what it names, and with a barrier the whole phase before its own.
import { limits } from '../../../schemas/limits.ts';
import type { PlanCode } from '../../../schemas/plan.ts';
import type { LabelledDraft } from './assign-labels.ts';
import type { Diagnostics } from './diagnostics.ts';
import { createLookup, type Lookup } from './lookup.ts';
import { readReferences } from './references.ts';

interface Options {
  readonly barrier: boolean;
  /** What is not there is an error. */
  readonly strict: boolean;
}

/** Indices for each task, ascending. An edge of a task to itself stays, and is an error. */
export function resolveDependencies(tasks: readonly LabelledDraft[], options: Options, diagnostics: Diagnostics): number[][] {
  const lookup = createLookup(tasks);
  const before = options.barrier ? phasesBefore(tasks) : [];
  const missing = options.strict ? diagnostics.error : diagnostics.warning;
  return tasks.map(({ line, label, dependencies }, index) => {
    const { targets, problems, count } = readAll(dependencies, lookup, index);
    for (const target of before[index] ?? []) targets.add(target);
    for (const [text, code] of problems) (code === 'bad_dependency_range' ? diagnostics.warning : missing)(code, line, text);
    if (targets.has(index)) diagnostics.error('self_dependency', line, `${label} -> ${label}`);
    const most = Math.max(targets.size, count > limits.planReferencesPerTask ? count : 0);
    if (most > limits.planDependenciesPerTask) {
      diagnostics.error('too_many_dependencies', line, `${label} has ${most}, at most ${limits.planDependenciesPerTask} are allowed`);
    }
    return [...targets].sort((a, b) => a - b);
  });
}

interface Found {
  readonly targets: Set<number>;
  /** Each text once. */
  readonly problems: Map<string, PlanCode>;
  /** References that were read; reading stops when there are too many. */
  readonly count: number;
}

function readAll(texts: readonly string[], lookup: Lookup, from: number): Found {
  const targets = new Set<number>();
  const problems = new Map<string, PlanCode>();
  let count = 0;
  for (const text of texts) {
    for (const reference of readReferences(text, lookup.byTitle)) {
      count += reference.kind === 'range' ? reference.labels.length : 1;
      if (count > limits.planReferencesPerTask) return { targets, problems, count };
      const meant = lookup.resolve(reference, from);
      for (const target of meant.targets) targets.add(target);
      for (const unknown of meant.unknown) problems.set(unknown, 'unknown_dependency');
      if (reference.kind === 'badRange') problems.set(reference.text, 'bad_dependency_range');
      if (reference.kind === 'unresolved') problems.set(reference.text, 'unresolved_dependency');
    }
  }
  return { targets, problems, count };
}

/** For each task those of the phase before its own. Phases stand in the order of their first tasks. */
function phasesBefore(tasks: readonly LabelledDraft[]): (readonly number[])[] {
  const phases = new Map<string | number, number[]>();
  for (const [index, { phase }] of tasks.entries()) {
    if (phase !== undefined) phases.set(phase, [...(phases.get(phase) ?? []), index]);
  }
  const order = [...phases.keys()];
  return tasks.map(({ phase }) => (phase === undefined ? [] : (phases.get(order[order.indexOf(phase) - 1] ?? '') ?? [])));
}
