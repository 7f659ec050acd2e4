import { expect, test } from 'vitest';
import { branchOfItem, branchOfSpawned, branchPrefixOf } from '../../../daemon/spec-tasks/branches.ts';

test.each([
  ['Fix the file package.lock', 'spt/7-fix-the-file-package'],
  ['a/../b', 'spt/7-a-b'],
  [`${'x'.repeat(39)}/y`, `spt/7-${'x'.repeat(39)}`],
])('a task named %j has its branches below %j', (name, prefix) => {
  expect(branchPrefixOf(7, name)).toBe(prefix);
});

test('an item has its label and its key in its branch', () => {
  expect(branchOfItem('spt/7-x', { label: '1.1', key: 'add-a-table' })).toBe('spt/7-x/1.1-add-a-table');
  expect(branchOfItem('spt/7-x', { label: 'T003', key: 'add' })).toBe('spt/7-x/t003-add');
});

test('labels that would give one branch give two', () => {
  const branches = [
    branchOfItem('p', { label: 'a', key: 'b-c' }),
    branchOfItem('p', { label: 'a-b', key: 'c' }),
    branchOfItem('p', { label: '2', key: 'x' }),
    branchOfItem('p', { label: '2.', key: 'x' }),
    branchOfItem('p', { label: 's1', key: 'x' }),
    branchOfSpawned('p', 1, 'x'),
  ];
  expect(new Set(branches).size).toBe(branches.length);
});
