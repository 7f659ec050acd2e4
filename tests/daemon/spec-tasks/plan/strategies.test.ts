import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { told } from './plan.ts';

function found(text: string): [string, ...string[]] {
  const { strategy, tasks } = parsePlan(text);
  return [strategy, ...tasks.map(({ label, title }) => `${label} ${title}`)];
}

describe('headings', () => {
  test.each([
    ['## Task 1: a', '1 a'],
    ['## task 1. a', '1 a'],
    ['### Step 1) a', '1 a'],
    ['#### STEP 1 - a', '1 a'],
    ['## Task 1 – a', '1 a'],
    ['## Task 1 — a', '1 a'],
    ['## Task 1 a', '1 a'],
    ['## Task 1', '1 Task 1'],
    ['## Task #1: a', '1 a'],
    ['## Task 1.2: a', '1.2 a'],
    ['## Task T001: a', 'T001 a'],
    ['## **Task 1: a**', '1 a'],
    ['## **Task 1:** a', '1 a'],
    ['## Task 1: a ##', '1 a'],
    ['   ## Task 1: a', '1 a'],
    ['## 1. a', '1 a'],
    ['## 1: a', '1 a'],
    ['## 1.1) a', '1.1 a'],
    ['## 1 - a', '1 a'],
  ])('%s is a task', (text, task) => {
    expect(found(text)).toEqual(['headings', task]);
  });

  test.each([
    '# Task 1: a',
    '##### Task 1: a',
    '##Task 1: a',
    '    ## Task 1: a',
    '## Tasks',
    '## Task one',
    '## Task 2-factor',
    '## 1.1 a',
    '## 2-factor',
    '## 2024 - a',
    '## 1 a',
  ])('%s is none', (text) => {
    expect(found(text)[0]).toBe('fallback');
  });

  test('that say task or step count alone, and of these the shallowest', () => {
    expect(found('## 1. a\n### Task 1: b\n#### Step 2: c\n### Step 3: d\n')).toEqual(['headings', '1 b', '3 d']);
  });

  test('at or above the level of a task end it', () => {
    const { tasks } = parsePlan('### Task 1: a\none\n#### deeper\n### Task 2: b\ntwo\n## Notes\nno\n### Task 3: c\nthree\n### Notes\nno');
    expect(tasks.map(({ description }) => description)).toEqual(['one\n#### deeper', 'two', 'three']);
  });

  test('below the heading of a phase stand in its group', () => {
    const { tasks } = parsePlan('## Phase 1: x\n### Task 1: a\n## Rest\n### Task 2: b');
    expect(tasks.map(({ group }) => group)).toEqual(['Phase 1: x', null]);
  });
});

describe('checklist', () => {
  test.each([
    ['- [ ] a', { initialStatus: 'pending', startedHint: false }],
    ['* [x] a', { initialStatus: 'completed', startedHint: false }],
    ['+ [X] a', { initialStatus: 'completed', startedHint: false }],
    ['- [~] a', { initialStatus: 'pending', startedHint: true }],
    ['1. [-] a', { initialStatus: 'pending', startedHint: true, label: '1' }],
    ['7) [ ] a', { label: '7' }],
    ['7) [ ] T003 a', { label: 'T003' }],
    ['  - [ ] a', { title: 'a' }],
    ['-\t[ ]\ta', { title: 'a' }],
  ])('%s is a task', (text, task) => {
    const parsed = parsePlan(text);
    expect(parsed).toMatchObject({ strategy: 'checklist', tasks: [task] });
  });

  test.each(['- [] a', '- [ ]a', '-[ ] a', '[ ] a', '- [y] a', '- [ ]', '- [x](link)', '> - [ ] a'])('%s is none', (text) => {
    expect(parsePlan(text).strategy).toBe('fallback');
  });

  test('deeper boxes belong to the task above; without one they are tasks', () => {
    const { tasks } = parsePlan('- [ ] a\n  - [ ] b\n    - [x] c\n- [ ] d\n# x\n  - [ ] e\n');
    expect(tasks.map(({ title, acceptance }) => [title, acceptance])).toEqual([
      ['a', ['b', 'c']],
      ['d', []],
      ['e', []],
    ]);
  });

  test('a line further left, and any heading, end a task', () => {
    const { tasks } = parsePlan('- one\n  - [ ] a\n    more\n- two\n  - [ ] b\n\n  also\n#### x\nno');
    expect(tasks.map(({ description }) => description)).toEqual(['more', 'also']);
  });

  test('with phases only boxes below them count, through deeper headings', () => {
    const parsed = parsePlan('- [ ] no\n## Phase 1\n- [ ] a\n### Tests\n- [ ] b\n## Notes\n- [ ] no\n  - [ ] no\n### Stage 2: x\n- [ ] c');
    expect(parsed.tasks.map(({ title, group }) => [title, group])).toEqual([
      ['a', 'Phase 1'],
      ['b', 'Phase 1'],
      ['c', 'Stage 2: x'],
    ]);
    expect(told(parsed)).toEqual([1, 7, 8].map((line) => `warning checkbox_outside_phase ${line} ignored`));
  });
});

describe('phases', () => {
  test('without boxes are tasks, the shallowest of them', () => {
    expect(found('# P\n## Phase 1: a\n### Phase 1.1: b\n1. x\n## Milestone 2 - c\n## Stage 3')).toEqual([
      'phases',
      '1 a',
      '2 c',
      '3 Stage 3',
    ]);
  });

  test('of the title of the document and without a number are none', () => {
    expect(found('# Phase 2: a\n## Phase two\n## Phased work\n1. x')).toEqual(['ordered', '1 x']);
  });
});

describe('ordered', () => {
  test('numbers at the left are tasks, deeper ones text', () => {
    expect(found('1. a\n   1. b\n 2) c\n  3. d\n10. e')).toEqual(['ordered', '1 a', '2 c', '10 e']);
  });

  test('a heading ends a task, and labels stay as they are', () => {
    const { tasks } = parsePlan('3. a\ntext\n## Notes\nno\n5. b');
    expect(tasks.map(({ label, description }) => [label, description])).toEqual([
      ['3', 'text'],
      ['5', ''],
    ]);
  });
});

describe('fallback', () => {
  test.each([
    ['', 'Implementation', '', 1],
    ['just text\n', 'Implementation', 'just text', 1],
    ['before\n\n# **A title** #\n\n## More\n\nEffort: large\n\n- a\n', 'A title', 'before\n\n\n## More\n\nEffort: large\n\n- a', 3],
    ['---\na: b\n---\n# T\nx', 'T', 'x', 4],
  ])('keeps all of %j', (text, title, description, line) => {
    const parsed = parsePlan(text);
    expect(parsed).toMatchObject({ strategy: 'fallback', tasks: [{ title, description, line, label: '1' }], waves: [['1']] });
    expect(told(parsed)).toEqual([`warning no_tasks_found ${line} single task created from the whole plan`]);
  });
});

describe('labels', () => {
  test('that are taken give way to the position, or the next number that is free', () => {
    const parsed = parsePlan('1. a\n1. b\n4. c\n1. d\n');
    expect(parsed.tasks.map(({ label }) => label)).toEqual(['1', '2', '4', '5']);
    expect(told(parsed)).toEqual([
      'warning duplicate_label 2 1 is taken, so this task is 2',
      'warning duplicate_label 4 1 is taken, so this task is 5',
    ]);
  });

  test('differ by more than case and leading zeros', () => {
    expect(parsePlan('- [ ] T01 a\n- [ ] t1 b').tasks.map(({ label }) => label)).toEqual(['T01', '2']);
  });

  test('that are missing are positions', () => {
    expect(parsePlan('- [ ] a\n- [ ] 1. b\n- [ ] c').tasks.map(({ label }) => label)).toEqual(['2', '1', '3']);
  });
});

test('fenced code carries no structure, whatever the fence', () => {
  const code = ['## Task 9: x', '- [ ] x', '1. x', 'Effort: large', '# H'];
  for (const [opening, closing] of [
    ['```', '```'],
    ['~~~ md', '~~~~'],
    ['````', '````'],
    ['   ```', '```'],
    ['- ```', '  ```'],
    ['1. - ```', '```'],
    ['```` a', '```\n````'],
    ['~~~', '```\n~~~'],
  ]) {
    const parsed = parsePlan([opening, ...code, closing, '- [ ] a', '  - Effort: small'].join('\n'));
    expect(parsed, opening).toMatchObject({ strategy: 'checklist', tasks: [{ title: 'a', effort: 'small' }] });
  }
  expect(parsePlan(['- [ ] a', '```', ...code].join('\n')).tasks).toMatchObject([{ title: 'a', effort: 'medium' }]);
  expect(parsePlan('``` a ` b\n- [ ] a').tasks).toMatchObject([{ title: 'a' }]);
});
