import { describe, expect, test } from 'vitest';
import { contentHash } from '../../../../daemon/spec-tasks/plan/content-hash.ts';
import { type Identity, type KeptTask, matchRevision } from '../../../../daemon/spec-tasks/plan/match-revision.ts';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';

const identities = (text: string): Identity[] => {
  const { tasks } = parsePlan(text);
  return tasks.map((task) => ({ label: task.label, key: task.key, contentHash: contentHash(task, tasks) }));
};

/** The rows that a plan once made; some of them are started. */
const kept = (text: string, started: readonly string[] = [], obsolete: readonly string[] = []): KeptTask[] =>
  identities(text).map((task) => ({ ...task, started: started.includes(task.label), obsolete: obsolete.includes(task.label) }));

/** `action label of the row -> label in the plan`. */
const decide = (rows: readonly KeptTask[], text: string): string[] =>
  matchRevision(rows, identities(text)).map((decision) => {
    const row = 'kept' in decision ? decision.kept.label : '';
    return `${decision.action} ${row}${'task' in decision ? `->${decision.task.label}` : ''}`;
  });

const plan = '1. a\n2. b\n   After: 1\n3. c\n   After: 2\n';

describe('a new revision', () => {
  test('that says the same keeps all', () => {
    expect(decide(kept(plan, ['1']), plan)).toEqual(['keep 1->1', 'keep 2->2', 'keep 3->3']);
  });

  test('with a task put in between shows no drift', () => {
    expect(decide(kept(plan, ['1', '2', '3']), `1. a\n9. new\n2. b\n   After: 1\n3. c\n   After: 2\n`)).toEqual([
      'keep 1->1',
      'create ->9',
      'keep 2->2',
      'keep 3->3',
    ]);
  });

  test.each([
    ['its description', '2. b\n   more\n   After: 1'],
    ['its acceptance', '2. b\n   AC: x\n   After: 1'],
    ['its dependencies', '2. b\n   After: 1, 3'],
  ])('that changes a task in %s updates it, or shows drift when it was started', (_, second) => {
    const changed = `1. a\n${second}\n3. c\n`;
    expect(decide(kept(plan), changed)).toContain('update 2->2');
    expect(decide(kept(plan, ['2']), changed)).toContain('drift 2->2');
  });

  test('that changes only effort, files or order keeps a task', () => {
    expect(decide(kept(plan, ['2']), '3. c\n   After: 2\n1. a (L)\n2. b [P0]\n   After: 1\n   Files: x.ts\n')).toEqual([
      'keep 3->3',
      'keep 1->1',
      'keep 2->2',
    ]);
  });

  test('that gives a task another number finds it by its key', () => {
    expect(decide(kept('1. a\n2. b\n'), '1. new\n2. a\n3. b\n')).toEqual(['create ->1', 'keep 1->2', 'keep 2->3']);
  });

  test('with another title at the same number has another task', () => {
    expect(decide(kept(plan), '1. z\n2. b\n   After: 1\n3. c\n   After: 2\n')).toEqual([
      'create ->1',
      'keep 2->2',
      'keep 3->3',
      'obsolete 1',
    ]);
  });

  test('without a task makes it obsolete, and asks when it was started', () => {
    expect(decide(kept(plan, ['3']), '1. a\n')).toEqual(['keep 1->1', 'obsolete 2', 'ask 3']);
  });

  test('brings back what was gone, and leaves the rest of it alone', () => {
    expect(decide(kept('1. a\n2. b\n', [], ['1', '2']), '1. a\n')).toEqual(['update 1->1']);
    expect(decide(kept('1. a\n', ['1'], ['1']), '1. a\n   more\n')).toEqual(['drift 1->1']);
  });

  test('gives each of equal titles to one task, those with the same number first', () => {
    expect(decide(kept('1. x\n2. x\n3. x\n'), '2. x\n5. x\n')).toEqual(['keep 2->2', 'keep 1->5', 'obsolete 3']);
  });
});

test('the hash is of title, description, acceptance and labels of dependencies alone', () => {
  const [first] = identities('1. a\n   b\n   AC: c\n');
  expect(first?.contentHash).toMatch(/^[0-9a-f]{64}$/);
  expect(identities('7. a (L) [P0]\n   b\n   - AC: c\n   - Files: x.ts\n   - Agent: y\n')[0]?.contentHash).toBe(first?.contentHash);
  expect(identities('1. a\n   b\n   - c\n')[0]?.contentHash).not.toBe(first?.contentHash);
  const forward = identities('1. a\n2. b\n3. c\n   After: 1, 2\n')[2];
  const reordered = identities('2. b\n1. a\n3. c\n   After: 2, 1\n')[2];
  expect(reordered?.contentHash).toBe(forward?.contentHash);
});
