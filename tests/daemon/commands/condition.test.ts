import { describe, expect, test } from 'vitest';
import { conditionNames, holds, parseCondition } from '../../../daemon/commands/condition.ts';

const values: Record<string, unknown> = {
  branch: 'topic/a b',
  'data.mode': 'fast',
  'data.count': 3,
  'data.off': 'false',
  'data.zero': 0,
  'data.empty': '',
  'data.list': ['a'],
  'steps.unit-test.status': 'failed',
  'steps.unit-test.exit_code': 2,
};

function evaluate(text: string, failed = false): boolean {
  const condition = parseCondition(text);
  if ('problem' in condition) throw new Error(condition.problem);
  return holds(condition, { failed, get: (name) => values[name] });
}

describe('a condition', () => {
  test.each([
    ['always', true],
    ['on_success', true],
    ['on_failure', false],
    ['not on_failure', true],
    ["data.mode == 'fast'", true],
    ['data.mode == "fast"', true],
    ["data.mode != 'fast'", false],
    ["'fast' == data.mode", true],
    ['data.count == 3', true],
    ["data.count == '3'", true],
    ['data.count == -3', false],
    ['data.mode', true],
    ['data.off', false],
    ['data.off == false', true],
    ['data.zero', false],
    ['data.empty', false],
    ['data.list', true],
    ['data.list == \'["a"]\'', true],
    ['data.none', false],
    ['data.none == null', true],
    ["data.none == ''", false],
    ["data.none == 'null'", false],
    ['data.empty == null', false],
    ["branch == 'topic/a b'", true],
    ["steps.unit-test.status == 'failed' and steps.unit-test.exit_code == 2", true],
    ["data.none or data.mode == 'slow'", false],
    // `and` binds tighter than `or`, `not` tightest.
    ['always or data.none and data.none', true],
    ['(always or data.none) and data.none', false],
    ['not data.none and not not always', true],
    ['true', true],
    ['false or 0', false],
    ["'and' == 'and'", true],
    ["'on_failure'", true],
    ["data.mode=='fast'and not(data.none)", true],
  ])('%s is %s', (text, wanted) => {
    expect(evaluate(text)).toBe(wanted);
  });

  test('asks whether anything before has failed', () => {
    expect([evaluate('on_success', true), evaluate('on_failure', true), evaluate('always', true)]).toEqual([false, true, true]);
  });

  test.each([
    ['', 'ends too early'],
    ['data.mode ==', 'ends too early'],
    ['and', 'has "and" where a value must stand'],
    ['data.mode = 1', 'cannot be read from "= 1" on'],
    ['data.mode == 1 2', 'ends too late: "2"'],
    ['(always', 'lacks a ")"'],
    ['always)', 'ends too late'],
    ["data.mode == 'open", 'cannot be read from'],
    ['{{ data.mode }}', 'cannot be read from'],
    ['$(touch x)', 'cannot be read from'],
    ['a && b', 'cannot be read from'],
    ['1.2.3', 'cannot be read from'],
    [`x${' or x'.repeat(400)}`, 'longer than'],
  ])('%s is refused', (text, message) => {
    const parsed = parseCondition(text);
    expect('problem' in parsed ? parsed.problem : parsed).toContain(message);
  });

  test('nests as deep as its length allows', () => {
    expect(evaluate(`${'('.repeat(490)}always${')'.repeat(490)}`)).toBe(true);
  });

  test('tells the names it asks for', () => {
    const parsed = parseCondition("a == 'x' and not (data.b or steps.c.status != d)");
    expect('problem' in parsed ? [] : conditionNames(parsed)).toEqual(['a', 'data.b', 'steps.c.status', 'd']);
  });
});
