// The directory name of a worktree. Pure and deterministic: the same branch among the same names gives the same slug.
import { createHash } from 'node:crypto';

const slugChars = 60;
const hashChars = 8;

/** A flat, lower-case ASCII name made from a branch; with a hash of the branch when the plain one is taken or nothing readable is left. */
export function slugOf(branch: string, taken: (slug: string) => boolean): string {
  const plain = cut(fold(branch), slugChars);
  if (plain !== '' && !taken(plain)) return plain;
  const stem = cut(plain, slugChars - hashChars - 1) || 'branch';
  for (let attempt = 0; ; attempt++) {
    const slug = `${stem}-${hashOf(attempt === 0 ? branch : `${branch} ${attempt}`)}`;
    if (!taken(slug)) return slug;
  }
}

/** Lower case, because two names that differ only in case are one on some file systems. */
function fold(branch: string): string {
  return branch
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/[-.]*-[-.]*/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

function cut(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[-.]+$/, '');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashChars);
}
