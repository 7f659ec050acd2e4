import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { edges, told } from './plan.ts';

const others = ['1. Set up the database', '2. Set up the server', '3. Write the API and the docs', '4. Client'];

/** What the fifth task waits for when it says so, and what is told about it. */
function fifth(text: string, strict = false): { waitsFor: string[] | undefined; told: string[] } {
  const parsed = parsePlan([...others, '5. Fifth', `   Depends on: ${text}`].join('\n'), { strict });
  return { waitsFor: edges(parsed)['5'], told: told(parsed) };
}

describe('dependencies', () => {
  test.each([
    ['none', []],
    ['None (start at once)', []],
    ['n/a', []],
    ['-', []],
    ['1, 2', ['1', '2']],
    ['2;1', ['1', '2']],
    ['1 and 2', ['1', '2']],
    ['1, 2 & 4', ['1', '2', '4']],
    ['Task 1', ['1']],
    ['Tasks 1 and 2', ['1', '2']],
    ['Tasks 1, 2, and 4', ['1', '2', '4']],
    ['step 3', ['3']],
    ['#3', ['3']],
    ['Task #3', ['3']],
    ['01', ['1']],
    ['`1`, **2**', ['1', '2']],
    ['[1, 2]', ['1', '2']],
    ['(1, 2)', ['1', '2']],
    ['1-3', ['1', '2', '3']],
    ['1 – 3', ['1', '2', '3']],
    ['Tasks 1 to 3', ['1', '2', '3']],
    ['#1..#3', ['1', '2', '3']],
    ['all previous', ['1', '2', '3', '4']],
    ['All of the previous tasks', ['1', '2', '3', '4']],
    ['previous task', ['4']],
    ['the preceding step', ['4']],
    ['Client', ['4']],
    ['client.', ['4']],
    ['set up the s', ['2']],
    ['Write the API and the docs', ['3']],
    ['Client and Set up the server', ['2', '4']],
    ['1: Set up the database', ['1']],
    ['Task 2 - the server, Task 4', ['2', '4']],
    ['Task 1 (with its tables, indices), 4', ['1', '4']],
    ['the output of task 2 and of #4', ['2', '4']],
    ['1, 1, Task 1', ['1']],
  ])('"%s" are %j', (text, waitsFor) => {
    expect(fifth(text)).toEqual({ waitsFor, told: [] });
  });

  test.each([
    ['7', 'unknown_dependency', '7'],
    ['Task 7', 'unknown_dependency', '7'],
    ['T003', 'unknown_dependency', 'T003'],
    ['Phase 2', 'unknown_dependency', 'Phase 2'],
    ['Set up', 'unresolved_dependency', 'Set up'],
    ['Node 20', 'unresolved_dependency', 'Node 20'],
    ['3 days', 'unresolved_dependency', '3 days'],
    ['2-factor login', 'unresolved_dependency', '2-factor login'],
    ['C', 'unresolved_dependency', 'C'],
  ])('"%s" are told as %s', (text, code, message) => {
    expect(fifth(text)).toEqual({ waitsFor: [], told: [`warning ${code} 5 ${message}`] });
    expect(fifth(text, true)).toEqual({ waitsFor: [], told: [`error ${code} 5 ${message}`] });
  });

  test.each(['3-1', '1-201', 'Tasks 4 to 2', '1-T3'])('the range "%s" is told, and no error', (text) => {
    expect(fifth(text, true)).toEqual({ waitsFor: [], told: [`warning bad_dependency_range 5 ${text}`] });
  });

  test('what is unknown is told once for each text', () => {
    expect(fifth('7, 8, Task 7, 7-8').told).toEqual(['warning unknown_dependency 5 7', 'warning unknown_dependency 5 8']);
  });

  test('the first task has none before it', () => {
    const parsed = parsePlan('1. a\n   After: previous task\n2. b\n   After: all previous');
    expect(edges(parsed)).toEqual({ 1: [], 2: ['1'] });
    expect(told(parsed)).toEqual(['warning unknown_dependency 1 previous task']);
  });

  test('positions do not count, labels do', () => {
    expect(edges(parsePlan('10. a\n20. b\n   After: 10'))).toEqual({ 10: [], 20: ['10'] });
    expect(told(parsePlan('10. a\n20. b\n   After: 1'))).toEqual(['warning unknown_dependency 2 1']);
  });

  test('ranges go over marked and dotted labels', () => {
    expect(edges(parsePlan('- [ ] T008 a\n- [ ] T009 b\n- [ ] T010 c\n- [ ] T011 d\n  After: T008-T010')).T011).toEqual([
      'T008',
      'T009',
      'T010',
    ]);
    expect(edges(parsePlan('- [ ] 1.1 a\n- [ ] 1.2 b\n- [ ] 2.1 c\n  After: 1.1-1.2'))['2.1']).toEqual(['1.1', '1.2']);
  });

  test('a title that two tasks have, and a beginning that two titles have, is nobody', () => {
    const parsed = parsePlan('1. Same\n2. Same\n3. Same again\n4. d\n   After: Same again; Same');
    expect(edges(parsed)['4']).toEqual(['3']);
    expect(told(parsed)).toEqual(['warning unresolved_dependency 4 Same']);
  });

  test('a label counts before a title, and letters of any language make a title', () => {
    expect(edges(parsePlan('1. a\n2. 1\n3. c\n   After: 1'))['3']).toEqual(['1']);
    expect(edges(parsePlan('1. Größe ändern\n2. 測試\n3. c\n   After: größe, 測試'))['3']).toEqual(['1', '2']);
  });

  test('the label of a part means its task, unless a task has it', () => {
    const parsed = parsePlan('- [ ] 1. a\n  - [ ] 1.1 b\n  - [ ] 3. c\n- [ ] 2. d\n  After: 1.1\n- [ ] 3. e\n- [ ] 4. f\n  After: 3');
    expect(edges(parsed)).toEqual({ 1: [], 2: ['1'], 3: [], 4: ['3'] });
  });

  test('a phase means the tasks in it', () => {
    const parsed = parsePlan('## Phase 1: x\n- [ ] T1 a\n- [ ] T2 b\n## Phase 2\n- [ ] T3 c (depends on Phase 1)');
    expect(edges(parsed)).toEqual({ T1: [], T2: [], T3: ['T1', 'T2'] });
  });
});

describe('a task that waits for itself', () => {
  test('is an error, and there are no waves', () => {
    const parsed = parsePlan('1. a\n   After: 1, 2\n2. b');
    expect(edges(parsed)).toEqual({ 1: ['1', '2'], 2: [] });
    expect(parsed.waves).toBeNull();
    expect(told(parsed)).toEqual(['error self_dependency 1 1 -> 1']);
  });

  test('around others is told once, with the path', () => {
    const parsed = parsePlan('1. a\n2. b\n   After: 4, 2\n3. c\n   After: 2\n4. d\n   After: 1, 3\n5. e\n   After: 6\n6. f\n   After: 5');
    expect(parsed.waves).toBeNull();
    expect(told(parsed)).toEqual(['error self_dependency 2 2 -> 2', 'error dependency_cycle 2 2 -> 4 -> 3 -> 2']);
  });
});

test('waves hold what can be done at once', () => {
  const parsed = parsePlan('1. a\n2. b\n   After: 1\n3. c\n4. d\n   After: 2, 3\n5. e\n   After: 3');
  expect(parsed.waves).toEqual([['1', '3'], ['2', '5'], ['4']]);
});

describe('with a phase barrier', () => {
  const plan = '## Phase 1\n- [ ] T1 a\n- [ ] T2 b\n## Phase 2\n## Phase 3\n- [ ] T3 c\n## Phase 4\n- [ ] T4 d (after: T1)\n- [ ] T5 e\n';

  test('each task waits for the whole group before', () => {
    expect(edges(parsePlan(`---\nphaseBarrier: true\n---\n${plan}`))).toEqual({
      T1: [],
      T2: [],
      T3: ['T1', 'T2'],
      T4: ['T1', 'T3'],
      T5: ['T3'],
    });
    expect(edges(parsePlan(`---\nphaseBarrier: false\n---\n${plan}`))).toEqual({ T1: [], T2: [], T3: [], T4: ['T1'], T5: [] });
  });

  test('groups of a block count too', () => {
    const block = '```tasks\n[{title: a, group: x}, {title: b, group: y}, {title: c, group: x}, {title: d}]\n```';
    expect(edges(parsePlan(`---\nphaseBarrier: true\n---\n${block}`))).toEqual({ 1: [], 2: ['1', '3'], 3: [], 4: [] });
  });
});
