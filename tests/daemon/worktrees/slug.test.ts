import { expect, test } from 'vitest';
import { slugOf } from '../../../daemon/worktrees/slug.ts';

const free = (): boolean => false;

test.each([
  ['feature/login', 'feature-login'],
  ['Fix/ÄÖÜ_ß-thing', 'fix-aou_-thing'],
  ['release/v1.2.3', 'release-v1.2.3'],
  ['.hidden', 'hidden'],
  ['--option', 'option'],
  ['a..b', 'a.b'],
  ['a/../b', 'a-b'],
  ['a/.git/b', 'a-git-b'],
  ['ﬁne—dash', 'fine-dash'],
  ['with space\tand\nnewline', 'with-space-and-newline'],
  ['"quotes" $HOME `x` ; rm', 'quotes-home-x-rm'],
])('the branch %j has the slug %j', (branch, slug) => {
  expect(slugOf(branch, free)).toBe(slug);
});

test('a branch of which nothing readable is left has a slug of its hash, each its own', () => {
  const slugs = ['日本', '中国', '💥', '...', ''].map((branch) => slugOf(branch, free));
  for (const slug of slugs) expect(slug).toMatch(/^branch-[0-9a-f]{8}$/);
  expect(new Set(slugs).size).toBe(slugs.length);
});

test('a taken slug gets a short hash, the same for the same branch', () => {
  const taken = new Set(['feature-x']);
  const first = slugOf('feature/x', (slug) => taken.has(slug));
  expect(first).toMatch(/^feature-x-[0-9a-f]{8}$/);
  expect(slugOf('feature/x', (slug) => taken.has(slug))).toBe(first);
  expect(slugOf('feature.x/', (slug) => slug === 'feature.x')).not.toBe(first);
  taken.add(first);
  expect(slugOf('feature/x', (slug) => taken.has(slug))).not.toBe(first);
});

test('slugs are short and safe whatever the branch', () => {
  const branches = [
    'x'.repeat(300),
    `${'a'.repeat(59)}/${'b'.repeat(100)}`,
    `${'a'.repeat(58)}.-b`,
    '../../etc/passwd',
    '\u202Ertl',
    'a\0b',
    '~user',
    '%2e%2e',
  ];
  for (const branch of branches) {
    for (const taken of [free, (slug: string) => !/-[0-9a-f]{8}$/.test(slug)]) {
      expect(slugOf(branch, taken)).toMatch(/^(?=.{1,60}$)(?!.*\.\.)[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/);
    }
  }
});
