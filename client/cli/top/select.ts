import type { Row } from './row.ts';

/** The row that is selected; when it is gone, the first one that can be. */
export function selectedIndex(rows: readonly Row[], key: string | undefined): number {
  const found = rows.findIndex((row) => row.key === key && !row.heading);
  return found === -1 ? rows.findIndex((row) => !row.heading) : found;
}

/** Steps over rows that can be selected, and stops at both ends. */
export function stepped(rows: readonly Row[], from: number, by: number): number {
  const able = rows.flatMap((row, index) => (row.heading ? [] : [index]));
  const at = able.indexOf(from);
  return able[Math.max(0, Math.min(able.length - 1, at + by))] ?? -1;
}

/** When the selected row goes away, its neighbour takes its place and not the first of all. */
export function keptSelection(before: readonly Row[], after: readonly Row[], key: string | undefined): string | undefined {
  if (after.some((row) => row.key === key && !row.heading)) return key;
  const at = before.findIndex((row) => row.key === key);
  if (at === -1) return undefined;
  const known = new Set(after.filter((row) => !row.heading).map((row) => row.key));
  const next = before.slice(at + 1).find((row) => known.has(row.key)) ?? before.slice(0, at).findLast((row) => known.has(row.key));
  return next?.key;
}
