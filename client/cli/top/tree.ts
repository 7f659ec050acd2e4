// Items that wait for each other as a tree: each below the one it waits for longest.
import type { Glyphs } from './line.ts';

export interface Branch<T> {
  readonly item: T;
  /** 0 for those that wait for nobody. */
  readonly depth: number;
  /** The lines in front of it. */
  readonly lines: string;
}

/** Lines of more columns than this are cut on the left: a long chain must not push its names off the screen. */
const linesColumns = 16;

export function treeOf<T extends { readonly id: string; readonly after: readonly string[] }>(
  items: readonly T[],
  glyphs: Glyphs,
): Branch<T>[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const depths = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    // Whoever waits for himself in a circle stands at the root.
    depths.set(id, 0);
    const above = (byId.get(id)?.after ?? []).filter((one) => byId.has(one)).map(depthOf);
    const depth = above.length === 0 ? 0 : Math.max(...above) + 1;
    depths.set(id, depth);
    return depth;
  };
  const children = new Map<string | undefined, T[]>();
  for (const item of items) {
    const parent = parentOf(item, byId, depthOf);
    children.set(parent, [...(children.get(parent) ?? []), item]);
  }
  const branches: Branch<T>[] = [];
  const seen = new Set<string>();
  const visit = (item: T, above: string, isLast: boolean, depth: number): void => {
    if (seen.has(item.id)) return;
    seen.add(item.id);
    branches.push({ item, depth, lines: shortened(above + (isLast ? glyphs.last : glyphs.branch)) });
    const below = children.get(item.id) ?? [];
    for (const [index, child] of below.entries()) {
      visit(child, above + (isLast ? '  ' : glyphs.through), index === below.length - 1, depth + 1);
    }
  };
  const roots = children.get(undefined) ?? [];
  for (const [index, root] of roots.entries()) visit(root, '', index === roots.length - 1, 0);
  // What only a circle leads to is shown all the same.
  for (const item of items) visit(item, '', true, 0);
  return branches;
}

function parentOf<T extends { readonly id: string; readonly after: readonly string[] }>(
  item: T,
  byId: ReadonlyMap<string, T>,
  depthOf: (id: string) => number,
): string | undefined {
  const known = item.after.filter((id) => byId.has(id) && id !== item.id);
  let parent: string | undefined;
  for (const id of known) if (parent === undefined || depthOf(id) > depthOf(parent)) parent = id;
  return parent;
}

function shortened(lines: string): string {
  return lines.length <= linesColumns ? lines : `…${lines.slice(1 - linesColumns)}`;
}
