import { describe, expect, test } from 'vitest';
import { sourceFile, sourceFiles } from '../helpers/source-files.ts';
import { check, type Example, problemText } from './policy/check.ts';
import { contractRules } from './policy/contract.ts';
import { rules } from './policy/rules.ts';

const files = sourceFiles();
const texts = (found: ReturnType<typeof check>): string[] => found.map(problemText);

test('the sources keep every rule', () => {
  expect(rules.length).toBeGreaterThan(20);
  expect(texts(check(rules, files))).toEqual([]);
});

describe.each(rules)('$id', (rule) => {
  // A rule about the contract reads all of it; another is satisfied by the places that it allows.
  const needed = contractRules.includes(rule) ? files : files.filter(({ path }) => rule.allowed.some((place) => path.startsWith(place)));
  const withFile = ({ path, text }: Example) => check([rule], [...needed, sourceFile(path, text)]);

  test('each line that breaks it is found, and told with its place and what holds instead', () => {
    const found = withFile(rule.broken);
    const lines = rule.broken.text.split('\n').map((_, index) => index + 1);
    expect([...new Set(found.map(({ line }) => line))].toSorted()).toEqual(lines);
    for (const problem of found) {
      expect(problem).toMatchObject({ rule: rule.id, path: rule.broken.path, message: expect.stringContaining(rule.says) });
    }
  });

  test('the same words where they mean something else are spared', () => {
    expect(texts(withFile(rule.lookAlike))).toEqual([]);
  });

  test('without a file to look at it is a problem itself', () => {
    const elsewhere = files.filter(({ path }) => !rule.looksAt.some((place) => path.startsWith(place)));
    expect(check([rule], elsewhere)).toMatchObject([{ rule: rule.id, message: expect.stringContaining('no file') }]);
  });

  test('a place that is allowed what it does not do is told', () => {
    const stale = { ...rule, allowed: [...rule.allowed, 'daemon/nowhere.ts'] };
    expect(check([stale], [...needed, sourceFile(rule.lookAlike.path, rule.lookAlike.text)])).toMatchObject([
      { path: 'daemon/nowhere.ts', message: expect.stringContaining('take it off') },
    ]);
  });
});

test('every rule has a name and an example of its own', () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id, broken, lookAlike, says } of rules) {
    expect(broken.text, id).not.toBe(lookAlike.text);
    expect(says, id).toMatch(/^[A-Z].*\.$/);
  }
});
