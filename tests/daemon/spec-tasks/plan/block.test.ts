import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { told } from './plan.ts';

const block = (...lines: string[]): string => ['# Plan', '```tasks', ...lines, '```', '## Task 1: not me'].join('\n');

describe('a block of tasks', () => {
  test('wins over everything else, as YAML and as JSON', () => {
    const tasks = [{ title: 'a' }, { title: 'b', dependencies: ['a'], effort: '2h' }];
    const yaml = parsePlan(block('- title: a', '- title: b', '  dependencies: [a]', '  effort: 2h'));
    const json = parsePlan(block(...JSON.stringify(tasks, null, '\t').split('\n')));
    expect(yaml).toMatchObject({ strategy: 'block', tasks: [{ title: 'a' }, { title: 'b', dependencies: [0], estimateHours: 2 }] });
    expect(json.tasks.map(({ line: _, ...task }) => task)).toEqual(yaml.tasks.map(({ line: _, ...task }) => task));
    expect(yaml.tasks.map(({ line }) => line)).toEqual([3, 4]);
    expect(yaml.diagnostics).toEqual([]);
  });

  test('takes the labels of fields as keys, in any of the usual ways to write them', () => {
    for (const key of ['done_when', 'doneWhen', 'done-when', 'Done when', 'acceptance', 'AC']) {
      expect(parsePlan(block('- title: a', `  ${key}: x`)).tasks, key).toMatchObject([{ acceptance: ['x'] }]);
    }
  });

  test('keeps titles as they are, and labels as they are written', () => {
    const parsed = parsePlan(block('- {title: "[P] a (S).", label: 1.10}', '- {title: b, id: 007}'));
    expect(parsed.tasks).toMatchObject([
      { title: '[P] a (S).', label: '1.10', parallel: false, effortSource: 'default' },
      { title: 'b', label: '007' },
    ]);
  });

  test('may be indented, and needs no end', () => {
    expect(parsePlan('- x\n\n  ``` tasks yaml\n  - title: a\n    details: |\n      b\n        c').tasks).toMatchObject([
      { title: 'a', description: 'b\n  c' },
    ]);
  });

  test.each([
    [['- titel: a'], ['3 task 1: "title" must be text', '3 task 1: "titel" is no key of a task; did you mean "title"?']],
    [['- title: a', '  effort: [S]'], ['4 task 1: "effort" must be text']],
    [['- title: a', '- b'], [expect.stringContaining('4 task 2: it ')]],
    [['- title: a', '  id: x', '  label: y'], ['3 "label" says a second time what "label" is']],
    [['- title: ""'], ['3 task 1: "title" must not be empty']],
    [['- title: a', '  label: a b'], ['4 task 1: "label" must be letters, digits, ".", "_" and "-", at most 32']],
    [['- title: a', '  parallel: maybe'], ['4 task 1: "parallel" must be true or false']],
    [['tasks: []'], ['3 the block must be a list of tasks']],
    [['[]'], ['3 the block holds no task']],
    [[''], ['3 the block must be a list of tasks']],
    [['- title: a', '  title: b'], ['4 The key "title" stands here a second time.']],
    [['- title: "a'], [expect.stringContaining('The YAML is wrong')]],
    [['- &a [*a]'], [expect.stringContaining('alias')]],
    [['- title: a', '---', '- title: b'], [expect.stringContaining('second YAML document')]],
    [
      ['- title: a', '  constructor: x', '  __proto__: y'],
      ['4 task 1: "constructor" is no key of a task', '5 task 1: "__proto__" is no key of a task'],
    ],
  ])('that is wrong is an error: %j', (lines, messages) => {
    const parsed = parsePlan(block(...lines));
    expect(parsed.strategy).toBe('block');
    expect(parsed.diagnostics.every(({ level, code }) => level === 'error' && code === 'invalid_block')).toBe(true);
    expect(parsed.diagnostics.map(({ line, message }) => `${line} ${message}`)).toEqual(messages);
  });

  test('of which there are two is an error', () => {
    expect(told(parsePlan(`${block('- title: a')}\n${block('- title: b')}`))).toEqual([
      'error invalid_block 7 this is a second block of tasks; put all tasks into one list',
    ]);
  });
});

describe('front matter', () => {
  test('is meta, as it is written', () => {
    const { meta, tasks } = parsePlan('---\ntitle: Dark mode\nversion: 1.10\nyes: no\nempty:\nlist: [1, {a: 0x1}]\n...\n1. a');
    expect(meta).toEqual({ title: 'Dark mode', version: '1.10', yes: 'no', empty: '', list: ['1', { a: '0x1' }] });
    expect(tasks).toMatchObject([{ line: 8 }]);
  });

  test.each([
    ['---\n\n---\n1. a', 4],
    ['---\n---\n1. a', 3],
    ['---\n# Plan\n---\n1. a', 4],
    ['---\n\n1. a\n\n---\n', 3],
    ['---\nno: end\n\n1. a', 4],
    [' ---\na: b\n---\n1. a', 4],
    ['\n---\na: b\n---\n1. a', 5],
  ])('is not what %j begins with', (text, line) => {
    const parsed = parsePlan(text);
    expect(parsed).toMatchObject({ meta: {}, tasks: [{ title: 'a', line }], diagnostics: [] });
  });

  test.each([
    ['a: b: c', 2, 'The YAML is wrong: Nested mappings'],
    ['a: 1\na: 2', 3, 'The key "a" stands here a second time'],
    ['a: &x [*x]', 2, 'alias'],
    [`a: ${'['.repeat(100)}`, 2, 'nested deeper'],
    [`a: ${'x'.repeat(9_000)}`, 2, 'larger than 8192 bytes'],
  ])('that is wrong is an error, and nothing else is lost: %j', (yaml, line, message) => {
    const parsed = parsePlan(`---\n${yaml}\n---\n1. a`);
    expect(parsed).toMatchObject({ meta: {}, tasks: [{ title: 'a' }] });
    expect(parsed.diagnostics).toMatchObject([{ level: 'error', code: 'invalid_front_matter', line }]);
    expect(parsed.diagnostics[0]?.message).toContain(message);
  });
});
