// Which items of an approved plan get a work session now. Pure.
import { Failure } from '../../schemas/errors.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';

export interface Selection {
  readonly select: 'all' | 'none' | readonly string[];
  readonly includeDependencies: boolean;
}

const isOver = ({ status }: ImplTaskRecord): boolean => status === 'completed' || status === 'skipped' || status === 'obsolete';

/**
 * The selected items that are not over, in plan order. Throws NOT_FOUND for a label that the plan does not have, PRECONDITION {reason:
 * missing_dependency, missing} for one whose unfinished dependency neither has a work session nor is selected.
 */
export function selectItems(
  items: readonly ImplTaskRecord[],
  { select, includeDependencies }: Selection,
  hasSession: (id: string) => boolean,
) {
  if (select === 'none') return [];
  const byLabel = new Map(items.filter(({ status }) => status !== 'obsolete').map((item) => [item.label, item]));
  const named = select === 'all' ? [...byLabel.values()] : select.map((label) => byLabel.get(label) ?? unknownLabel(label, byLabel));
  const chosen = new Set(named.filter((item) => !isOver(item)));
  const byId = new Map(items.map((item) => [item.id, item]));
  const missing: string[] = [];
  // A set that grows while it is walked: what a dependency needs comes too.
  for (const item of chosen) {
    for (const id of item.dependencies) {
      const needed = byId.get(id);
      if (!needed || isOver(needed) || chosen.has(needed) || hasSession(needed.id)) continue;
      if (includeDependencies) chosen.add(needed);
      else missing.push(`${item.label} needs ${needed.label}`);
    }
  }
  if (missing.length > 0) {
    throw new Failure('PRECONDITION', `${missing.join(', ')}; select those too, or set includeDependencies.`, {
      details: { reason: 'missing_dependency', missing },
    });
  }
  return [...chosen].sort((a, b) => a.index - b.index);
}

function unknownLabel(label: string, known: ReadonlyMap<string, unknown>): never {
  throw new Failure('NOT_FOUND', `The plan has no item "${label}"; it has ${[...known.keys()].slice(0, 20).join(', ')}.`, {
    details: { entity: 'implementation task', id: label, suggestions: [...known.keys()].slice(0, 20) },
  });
}
