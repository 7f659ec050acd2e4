import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { taskOf } from './plan.ts';

describe('a title', () => {
  test.each([
    ['Add a hook', 'Add a hook'],
    ['Add a hook.', 'Add a hook'],
    ['Add a hook:', 'Add a hook'],
    ['Add a hook...', 'Add a hook'],
    ['Add a hook (S).', 'Add a hook'],
    ['[P] [US12] Add a hook [P0]', 'Add a hook'],
    ['Add [P] a hook', 'Add [P] a hook'],
    ['[P](docs/p.md) is a link', '[P](docs/p.md) is a link'],
    ['[P4] is no priority', '[P4] is no priority'],
    ['Add a hook (v2)', 'Add a hook (v2)'],
    ['Add a hook (2)', 'Add a hook (2)'],
    ['Fix the item(s)', 'Fix the item(s)'],
    ['Show it (after login)', 'Show it (after login)'],
    ['(S) Add a hook', 'Add a hook'],
    ['**Add a hook**', 'Add a hook'],
    ['__Add a hook__', 'Add a hook'],
    ['_Add a hook_', 'Add a hook'],
    ['**Add** a hook', '**Add** a hook'],
    ['**Add a hook (S)**: now', 'Add a hook'],
    ['**Add a hook** (S) - now', 'Add a hook'],
    ['**Add a hook** – now', 'Add a hook'],
    ['**T001** Add a hook', 'Add a hook'],
    ['**Task 4:** Add a hook', 'Add a hook'],
    ['**unclosed bold', '**unclosed bold'],
    ['`**code**` first', '`**code**` first'],
    ['(depends on 1)', 'Task 1'],
    ['[P]', 'Task 1'],
    ['()[]**', '()[]**'],
  ])('written as "%s" is "%s"', (written, title) => {
    expect(taskOf(written).title).toBe(title);
  });

  test.each([
    ['T001 a', 'T001'],
    ['t12b: a', 't12b'],
    ['T001 - a', 'T001'],
    ['1. a', '1'],
    ['12) a', '12'],
    ['1.1 a', '1.1'],
    ['1.2.3. a', '1.2.3'],
    ['Task 7: a', '7'],
    ['step #8 - a', '8'],
    ['[P] T001 a', 'T001'],
    ['**T001 a** - b', 'T001'],
    ['3 retries', '1'],
    ['T-shirt', '1'],
    ['2024 roadmap', '1'],
    ['1.5x faster', '1'],
  ])('of "%s" has the label "%s"', (written, label) => {
    expect(taskOf(written).label).toBe(label);
  });

  test.each([
    ['**Bold** - the rest. It ends', 'the rest. It ends'],
    ['**Bold**: the rest', 'the rest'],
    ['**Bold:** the rest', 'the rest'],
    ['**Bold** (S) - the rest', 'the rest'],
    ['**Bold** (v2) - the rest', '(v2) - the rest'],
    ['**Bold** (S)', ''],
  ])('of "%s" opens the description with "%s"', (written, description) => {
    expect(taskOf(written)).toMatchObject({ title: 'Bold', description });
    expect(taskOf(written, '', 'More.')).toMatchObject({ description: description === '' ? 'More.' : `${description}\n\nMore.` });
  });

  test.each([
    ['[P] a', { parallel: true }],
    ['a [P1]', { priority: 'high' }],
    ['[p3] a', { priority: 'low' }],
    ['[us3] a', { story: 'US3' }],
    ['a (~2h)', { effort: 'small', effortSource: 'duration', estimateHours: 2 }],
    ['a (3 pts)', { effort: 'medium', effortSource: 'points' }],
    ['a (small)', { effort: 'small', effortSource: 'explicit' }],
    ['a (Effort: 2-3 days)', { effort: 'large', estimateHours: 24 }],
    ['a in `src/a.ts` and `a()`', { files: ['src/a.ts'] }],
  ])('written as "%s" says more', (written, expected) => {
    expect(taskOf(written)).toMatchObject(expected);
  });

  test('is cut at 200 characters, never inside of one, and the rest opens the description', () => {
    const long = taskOf(`${'x'.repeat(199)}😀${'y'.repeat(1_500)}`, 'More.');
    expect(long.title).toBe('x'.repeat(199));
    expect(long.description).toBe(`😀${'y'.repeat(1_500)}\nMore.`);
    const words = taskOf('word '.repeat(400));
    expect(`${words.title} ${words.description}`).toBe('word '.repeat(400).trim());
    expect(taskOf('x'.repeat(200))).toMatchObject({ title: 'x'.repeat(200), description: '' });
  });

  test('gives the key: lower case, dashes, 48 characters', () => {
    expect(taskOf('Fix the N+1 query!').key).toBe('fix-the-n-1-query');
    expect(taskOf(`${'ab '.repeat(30)}`).key).toBe('ab-'.repeat(16).slice(0, -1));
    expect(taskOf('測試').key).toMatch(/^task-[0-9a-f]{8}$/);
    expect(taskOf('測試').key).not.toBe(taskOf('測驗').key);
  });

  test('of a heading keeps the number that stands in it', () => {
    expect(parsePlan('## Task 3: 2.0 release').tasks).toMatchObject([{ label: '3', title: '2.0 release' }]);
  });
});
