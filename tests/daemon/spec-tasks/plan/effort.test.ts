import { describe, expect, test } from 'vitest';
import { isEffort, readEffort } from '../../../../daemon/spec-tasks/plan/effort.ts';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { taskOf, told } from './plan.ts';

describe('an effort', () => {
  test.each([
    ...['trivial', 'tiny', 'xs', 'S', 'Small', 'low', 'simple'].map((word) => [word, 'small'] as const),
    ...['M', 'medium', 'moderate'].map((word) => [word, 'medium'] as const),
    ...['L', 'XL', 'large', 'big', 'major', 'huge', 'high', 'complex'].map((word) => [word, 'large'] as const),
    ...([
      ['about a big day', 'large'],
      ['T-shirt: L', 'large'],
      ['medium to large', 'medium'],
      ['size S.', 'small'],
    ] as const),
  ])('"%s" is %s by its word', (text, effort) => {
    expect(readEffort(text)).toEqual({ effort, effortSource: 'explicit', estimateHours: null });
  });

  test.each([
    ['1 point', 'small'],
    ['2', 'small'],
    ['~2 pts', 'small'],
    ['2.5 points', 'medium'],
    ['3', 'medium'],
    ['5 story points', 'medium'],
    ['5.5 sp', 'medium'],
    ['6 pts', 'large'],
    ['3-8', 'large'],
  ])('"%s" is %s by its points', (text, effort) => {
    expect(readEffort(text)).toEqual({ effort, effortSource: 'points', estimateHours: null });
  });

  test.each([
    ['4h', 'small', 4],
    ['~30 m', 'small', 0.5],
    ['20min', 'small', 0.33],
    ['1h30m', 'small', 1.5],
    ['4.5 hours', 'medium', 4.5],
    ['2-12 hrs', 'medium', 12],
    ['1 d', 'medium', 8],
    ['1 day and 4 hours', 'medium', 12],
    ['1 day, 5 hours', 'large', 13],
    ['1–2 days', 'large', 16],
    ['2h to 4h', 'small', 4],
    ['2 to 4 hours', 'small', 4],
    ['1 w', 'large', 40],
    ['2 weeks', 'large', 80],
    ['2h, then 3 days', 'small', 2],
  ])('"%s" is %s by its duration', (text, effort, estimateHours) => {
    expect(readEffort(text)).toEqual({ effort, effortSource: 'duration', estimateHours });
  });

  test.each([
    ['Large (~3 days)', { effort: 'large', effortSource: 'explicit', estimateHours: 24 }],
    ['5 points, 2h', { effort: 'medium', effortSource: 'points', estimateHours: 2 }],
  ])('"%s" tells two things', (text, expected) => {
    expect(readEffort(text)).toEqual(expected);
  });

  test.each(['unclear', '', '?', 'TBD', 'half a day', '2 servers', '3/5', '3 5', 'smallish', 'v2', 'constructor'])(
    '"%s" is none',
    (text) => {
      expect(readEffort(text)).toBeUndefined();
    },
  );

  test.each([
    ['S', true],
    ['~2h', true],
    ['3 pts', true],
    ['about 2-3 days', true],
    ['2', false],
    ['small fix', false],
    ['v2', false],
    ['points', false],
    ['', false],
  ])('"%s" is an effort and nothing else: %s', (text, answer) => {
    expect(isEffort(text)).toBe(answer);
  });
});

describe('the effort of a task', () => {
  test('is that of its fields before that of its title', () => {
    expect(taskOf('a (L)', '- Effort: small', '- Estimate: 2 days')).toMatchObject({ title: 'a', effort: 'small', estimateHours: 16 });
  });

  test('is medium when it is not said, and when it can not be read, which is told', () => {
    expect(taskOf('a')).toMatchObject({ effort: 'medium', effortSource: 'default', estimateHours: null });
    const parsed = parsePlan('1. a\n   Effort: unclear\n   Priority: whatever');
    expect(parsed.tasks).toMatchObject([{ effort: 'medium', effortSource: 'unrecognised', priority: 'medium' }]);
    expect(told(parsed)).toEqual(['warning unrecognised_effort 1 unclear', 'warning unrecognised_priority 1 whatever']);
    expect(told(parsePlan('1. a\n   Effort:\n'))).toEqual([]);
  });
});

test.each([
  ['P0', 'critical'],
  ['urgent', 'critical'],
  ['High!', 'high'],
  ['p1 - soon', 'high'],
  ['normal', 'medium'],
  ['P2', 'medium'],
  ['LOW', 'low'],
  ['p3', 'low'],
])('the priority "%s" is %s', (text, priority) => {
  expect(taskOf('a [P1]', `Priority: ${text}`)).toMatchObject({ priority });
});
