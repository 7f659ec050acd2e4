import { slugOf } from '../worktrees/slug.ts';

const chars = 60;

/** `spt/<n>-<slug>/<label>-<key>`: beside the integration branch, never a path prefix of another. */
export function branchOfItem(branchPrefix: string, { label, key }: { label: string; key: string }): string {
  return `${branchPrefix}/${part(`${label}-${key}`)}`;
}

/** `spt/<n>-<slug>/s<k>-<name>` for the k-th spawned one. */
export function branchOfSpawned(branchPrefix: string, k: number, name: string): string {
  return `${branchPrefix}/${part(`s${k}-${name}`)}`;
}

function part(text: string): string {
  // git refuses what ends in ".lock"; a slug has no other character that it minds.
  return slugOf(text, () => false)
    .slice(0, chars)
    .replace(/(\.lock)?[-.]*$/, '');
}
