// What a new revision of a plan means for the implementation tasks that are there already. Pure: the caller carries the decisions out, in
// one transaction.

/** A task as either side knows it: an implementation task that is kept, or a task of the new plan. */
export interface Identity {
  readonly label: string;
  readonly key: string;
  /** Of contentHash(). */
  readonly contentHash: string;
}

export interface KeptTask extends Identity {
  /** Somebody works or worked on it. */
  readonly started: boolean;
  /** An earlier revision left it out. */
  readonly obsolete: boolean;
}

export type Decision<K, N> =
  | { readonly action: 'create'; readonly task: N }
  /** The row keeps its status; only its place in the plan may be another. */
  | { readonly action: 'keep'; readonly kept: K; readonly task: N }
  /** It asks for something else and nobody began, or it is back in the plan. */
  | { readonly action: 'update'; readonly kept: K; readonly task: N }
  /** It asks for something else than what somebody works on: attention. */
  | { readonly action: 'drift'; readonly kept: K; readonly task: N }
  | { readonly action: 'obsolete'; readonly kept: K }
  /** It is gone from the plan although somebody works on it: a human decides. */
  | { readonly action: 'ask'; readonly kept: K };

/** First those of the new plan in its order, then those that are gone. What was gone already needs no decision. */
export function matchRevision<K extends KeptTask, N extends Identity>(kept: readonly K[], tasks: readonly N[]): Decision<K, N>[] {
  const partnerOf = pair(kept, tasks);
  const matched = new Set(partnerOf.values());
  const there = tasks.map((task): Decision<K, N> => {
    const partner = partnerOf.get(task);
    return partner ? { action: actionFor(partner, task), kept: partner, task } : { action: 'create', task };
  });
  const gone = kept.filter((one) => !matched.has(one) && !one.obsolete);
  return [...there, ...gone.map((one): Decision<K, N> => ({ action: one.started ? 'ask' : 'obsolete', kept: one }))];
}

function actionFor(kept: KeptTask, task: Identity): 'keep' | 'update' | 'drift' {
  if (kept.contentHash !== task.contentHash) return kept.started ? 'drift' : 'update';
  return kept.obsolete ? 'update' : 'keep';
}

/** By label and key, then by key alone. Among equals the first goes to the first, and each is given once. */
function pair<K extends KeptTask, N extends Identity>(kept: readonly K[], tasks: readonly N[]): Map<N, K> {
  const partnerOf = new Map<N, K>();
  const free = new Set(kept);
  for (const nameOf of [({ label, key }: Identity) => `${key} ${label}`, ({ key }: Identity) => key]) {
    const byName = new Map<string, K[]>();
    for (const one of free) byName.set(nameOf(one), [...(byName.get(nameOf(one)) ?? []), one]);
    for (const task of tasks) {
      const partner = partnerOf.has(task) ? undefined : byName.get(nameOf(task))?.shift();
      if (partner === undefined) continue;
      partnerOf.set(task, partner);
      free.delete(partner);
    }
  }
  return partnerOf;
}
