import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { taskOf } from './plan.ts';

describe('a field', () => {
  test.each([
    'Effort: small',
    '- Effort: small',
    '* effort : small',
    '+ **Effort:** small',
    '**Effort**: small',
    '**Effort: small**',
    '_Effort: small_',
    '*Effort*: small',
    '***EFFORT:*** small',
    '__Size:__ small',
    'Complexity: small',
    'Estimate: small',
    'Estimated effort: small',
    'Estimated   time: small',
  ])('is written as "%s"', (line) => {
    expect(taskOf('a', line)).toMatchObject({ effort: 'small', effortSource: 'explicit', description: '' });
  });

  test.each([
    'The effort: small',
    'Efforts: small',
    'Effort small',
    '> Effort: small',
    '1. Effort: small',
    ': small',
    '**: small',
    'Effort - small',
    '`Effort:` small',
  ])('is not "%s"', (line) => {
    expect(taskOf('a', line)).toMatchObject({ effortSource: 'default', description: line });
  });

  test.each([
    ['acceptance', ['Acceptance', 'Acceptance criteria', 'AC', 'Done when', 'Definition of done', 'Success criteria']],
    ['requirements', ['Requirements', 'Refs']],
    ['files', ['Files', 'Touches', 'Paths']],
    ['verify', ['Verify', 'Check', 'Test command']],
  ] as const)('of %s has all its labels', (name, labels) => {
    for (const label of labels) expect(taskOf('a', `${label}: x`)[name], label).toEqual(['x']);
  });

  test('of an agent, of the description, and of dependencies have all theirs', () => {
    for (const label of ['Agent', 'Role']) expect(taskOf('a', `${label}: codex`).agent).toBe('codex');
    expect(taskOf('a')).not.toHaveProperty('agent');
    for (const label of ['Description', 'Overview', 'Summary', 'Goal', 'Details', 'What']) {
      expect(taskOf('a', `${label}: x`, 'y').description, label).toBe('x\ny');
    }
    for (const label of ['Dependencies', 'Depends', 'Depends on', 'Requires', 'Blocked by', 'Prerequisites', 'After']) {
      expect(taskOf('a', `${label}: 1`).dependencies, label).toEqual([0]);
    }
  });

  test('with a value on its line takes no line that follows', () => {
    expect(taskOf('a', 'Files: a.ts', '- b.ts', 'Effort: S', 'prose')).toMatchObject({ files: ['a.ts'], description: '- b.ts\nprose' });
  });

  test('without one takes what follows, up to the next field', () => {
    expect(taskOf('a', 'AC:', '', '- x', '  y', '- z', '', '- also', 'Effort: S')).toMatchObject({
      acceptance: ['x y', 'z', 'also'],
      effort: 'small',
    });
  });

  test('ends behind its list, at a paragraph or at an item beside it', () => {
    expect(taskOf('a', 'AC:', '- x', '', 'prose')).toMatchObject({ acceptance: ['x'], description: 'prose' });
    expect(taskOf('a', '- AC:', '  - x', '- y')).toMatchObject({ acceptance: ['x'], description: '- y' });
    expect(taskOf('a', 'AC:', '- x', '---', 'prose')).toMatchObject({ acceptance: ['x'], description: 'prose' });
  });

  test('keeps the code that belongs to an item', () => {
    expect(taskOf('a', 'AC:', '- x', '  ```', '  Effort: L', '  ```', '- y')).toMatchObject({
      acceptance: ['x\n```\nEffort: L\n```', 'y'],
      effortSource: 'default',
    });
    expect(taskOf('a', 'AC:', '```', 'x', '```').acceptance).toEqual(['```\nx\n```']);
  });
});

describe('the values', () => {
  test.each([
    ['`a b.ts`, `c`', ['a b.ts', 'c']],
    ['a.ts, b/c.ts; d', ['a.ts', 'b/c.ts', 'd']],
    ['src/a.ts (new), src/b.ts - the other', ['src/a.ts', 'src/b.ts']],
    ['a.ts, a.ts', ['a.ts']],
    ['none', []],
    ['N/A', []],
  ])('of files "%s" are %j', (text, files) => {
    expect(taskOf('a in `x.ts`', `Files: ${text}`).files).toEqual(files);
  });

  test.each([
    ['`npm test` and `make`', ['npm test', 'make']],
    ['npm test, quickly', ['npm test, quickly']],
    ['none', []],
  ])('of commands "%s" are %j', (text, verify) => {
    expect(taskOf('a', `Verify: ${text}`).verify).toEqual(verify);
  });

  test('of commands in code are one a line', () => {
    expect(taskOf('a', 'Verify:', '', '```sh', '# first', 'a \\', '  b', '', 'c', '```').verify).toEqual(['a \\\nb', 'c']);
  });

  test('of requirements are split on their line, and where each is a single word', () => {
    expect(taskOf('a', 'Refs: 1.1, log in').requirements).toEqual(['1.1', 'log in']);
    expect(taskOf('a', 'Refs:', '- 1.1, 1.2', '- in, and out').requirements).toEqual(['1.1', '1.2', 'in, and out']);
  });
});

describe('nested boxes', () => {
  test('are acceptance, without their labels', () => {
    const task = taskOf('a', '- [ ] 1.1 b', '- [x] T002: c', '    goes on', '- d', '- [ ] Effort: L');
    expect(task).toMatchObject({ acceptance: ['b', 'c goes on', 'Effort: L'], description: '- d', effortSource: 'default' });
  });
});

describe('the description', () => {
  test('is what is left, as far left as it goes, with single empty lines', () => {
    const task = taskOf('a', '', '  one', '    two', '', 'Effort: S', '', '  three', '', '***', '');
    expect(task.description).toBe('one\n  two\n\nthree');
  });

  test('keeps headings that are no field, and what follows them', () => {
    const { tasks } = parsePlan('## Task 1: a\n### Acceptance\n- x\n### Approach\ny\n### Overview\nz\n#### `Effort`:\nS');
    expect(tasks).toMatchObject([{ description: '### Approach\ny\nz\n#### `Effort`:\nS', acceptance: ['x'], effortSource: 'default' }]);
  });
});
