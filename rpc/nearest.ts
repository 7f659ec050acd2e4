const suggestionsAtMost = 3;

/** Candidates that a typing mistake away from `name`, nearest first; empty when none is near. */
export function nearest(name: string, candidates: Iterable<string>): string[] {
  const bound = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  const wanted = name.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  if (name.length > 128) return [];
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bound);
    if (distance <= bound) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, suggestionsAtMost).map((entry) => entry.candidate);
}

/** Damerau-Levenshtein (neighbours may be swapped). Any number above `bound` stands for "further". */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > bound) return bound + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
