// From a reference to the tasks it means.

import type { LabelledDraft } from './assign-labels.ts';
import { canonicalLabel } from './label.ts';
import type { FindByTitle, Reference } from './references.ts';

export interface Lookup {
  readonly byTitle: FindByTitle;
  /** `from` is the task that refers. */
  resolve(reference: Reference, from: number): { readonly targets: readonly number[]; readonly unknown: readonly string[] };
}

/** The beginning of a title must be this long to mean it. */
const leastPrefix = 3;

export function createLookup(tasks: readonly LabelledDraft[]): Lookup {
  const byLabel = new Map<string, number>();
  const add = (label: string, index: number) => {
    const canonical = canonicalLabel(label);
    if (!byLabel.has(canonical)) byLabel.set(canonical, index);
  };
  for (const [index, { label }] of tasks.entries()) add(label, index);
  for (const [index, { innerLabels }] of tasks.entries()) for (const label of innerLabels) add(label, index);

  const find = (labels: readonly string[]) => {
    const found = labels.map((label) => ({ label, index: byLabel.get(canonicalLabel(label)) }));
    return {
      targets: found.flatMap(({ index }) => (index === undefined ? [] : [index])),
      unknown: found.filter(({ index }) => index === undefined).map(({ label }) => label),
    };
  };
  const inPhase = (label: string, from: number) => {
    const targets = [...tasks.keys()].filter((index) => index !== from && tasks[index]?.phaseLabel === label.toLowerCase());
    return { targets, unknown: targets.length === 0 ? [`Phase ${label}`] : [] };
  };

  return {
    byTitle: createTitleSearch(tasks.map(({ title }) => title)),
    resolve(reference, from) {
      if (reference.kind === 'label') return find([reference.label]);
      if (reference.kind === 'range') return find(reference.labels);
      if (reference.kind === 'phase') return inPhase(reference.label, from);
      if (reference.kind === 'task') return { targets: [reference.index], unknown: [] };
      if (reference.kind === 'allPrevious') return { targets: [...tasks.keys()].slice(0, from), unknown: [] };
      if (reference.kind === 'previous')
        return from > 0 ? { targets: [from - 1], unknown: [] } : { targets: [], unknown: ['previous task'] };
      return { targets: [], unknown: [] };
    },
  };
}

/** Titles are compared by their letters and digits. A title counts before the beginnings of others. */
function createTitleSearch(titles: readonly string[]): FindByTitle {
  const known = titles.map(comparable);
  const only = (fits: (title: string) => boolean): number | undefined => {
    const first = known.findIndex(fits);
    return known.findLastIndex(fits) === first && first >= 0 ? first : undefined;
  };
  return (text) => {
    const wanted = comparable(text);
    if (wanted === '') return undefined;
    if (known.includes(wanted)) return only((title) => title === wanted);
    return wanted.length < leastPrefix || !/\p{L}/u.test(wanted) ? undefined : only((title) => title.startsWith(wanted));
  };
}

function comparable(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
