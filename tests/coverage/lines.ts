import type { CoverageData } from './spawned.ts';

export interface LineCoverage {
  readonly lines: number;
  readonly covered: number;
}

/**
 * Covered lines of each file of `base`, which knows every source and what in it can run; a line also counts as covered when one of `others`
 * saw it run.
 */
export function lineCoverage(base: CoverageData, others: readonly CoverageData[]): Map<string, LineCoverage> {
  const seen = new Map<string, Set<number>>();
  for (const data of [base, ...others]) {
    for (const { path, statementMap, s } of Object.values(data)) {
      const lines = seen.get(path) ?? new Set();
      for (const [id, { start }] of Object.entries(statementMap)) if ((s[id] ?? 0) > 0) lines.add(start.line);
      seen.set(path, lines);
    }
  }
  return new Map(
    Object.values(base).map(({ path, statementMap }) => {
      const lines = [...new Set(Object.values(statementMap).map(({ start }) => start.line))];
      return [path, { lines: lines.length, covered: lines.filter((line) => seen.get(path)?.has(line)).length }];
    }),
  );
}
