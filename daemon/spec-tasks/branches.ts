// The branches of a spec task, all below one prefix. No two are the same, and none is a path prefix of another.
import { createHash } from 'node:crypto';
import { slugOf } from '../worktrees/slug.ts';

const chars = 60;
const prefixChars = 40;
const hashChars = 6;

/** `spt/<n>-<slug>` */
export function branchPrefixOf(number: number, name: string): string {
  return `spt/${number}-${part(name, prefixChars)}`;
}

/** `spt/<n>-<slug>/<label>-<key>`: beside the integration branch, which has no dash. */
export function branchOfItem(branchPrefix: string, { label, key }: { label: string; key: string }): string {
  if (isPlain(label)) return `${branchPrefix}/${part(`${label}-${key}`)}`;
  return `${branchPrefix}/${part(`${label}-${key}`, chars - hashChars - 1)}-${hashOf(label)}`;
}

/** `spt/<n>-<slug>/s<k>-<name>` for the k-th spawned one. */
export function branchOfSpawned(branchPrefix: string, k: number, name: string): string {
  return `${branchPrefix}/${part(`s${k}-${name}`)}`;
}

/** A label that a slug keeps, and that ends where the key begins; neither one of a spawned work session. */
function isPlain(label: string): boolean {
  return /^[a-z0-9]+([._][a-z0-9]+)*$/i.test(label) && !/^s\d+$/i.test(label);
}

function hashOf(label: string): string {
  return createHash('sha256').update(label).digest('hex').slice(0, hashChars);
}

function part(text: string, most = chars): string {
  // git refuses what ends in ".lock"; a slug has no other character that it minds.
  return slugOf(text, () => false)
    .slice(0, most)
    .replace(/(\.lock)?[-.]*$/, '');
}
