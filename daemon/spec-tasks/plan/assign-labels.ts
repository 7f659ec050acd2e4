import type { Diagnostics } from './diagnostics.ts';
import type { Draft } from './draft.ts';
import { canonicalLabel } from './label.ts';

export type LabelledDraft = Draft & { readonly label: string };

/**
 * A label for each task, no two the same. A task without one, and one whose label is taken, gets its position, or the next number that
 * no task has.
 */
export function assignLabels(drafts: readonly Draft[], diagnostics: Diagnostics): LabelledDraft[] {
  const written = new Set(drafts.flatMap(({ label }) => (label === undefined ? [] : [canonicalLabel(label)])));
  const taken = new Set<string>();
  const freeFrom = (position: number): string => {
    let number = position;
    while (written.has(String(number)) || taken.has(String(number))) number += 1;
    return String(number);
  };
  return drafts.map((draft, index) => {
    const { label: own, line } = draft;
    const isFree = own !== undefined && !taken.has(canonicalLabel(own));
    const label = isFree ? own : freeFrom(index + 1);
    taken.add(canonicalLabel(label));
    if (own !== undefined && !isFree) diagnostics.warning('duplicate_label', line, `${own} is taken, so this task is ${label}`);
    return { ...draft, label };
  });
}
