import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { ParsedPlan } from '../../../../schemas/plan.ts';

const folder = join(import.meta.dirname, '../../../fixtures/plans');
const plans = readdirSync(folder).filter((name) => name.endsWith('.md'));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('there are plans to read', () => {
  expect(plans.length).toBeGreaterThan(10);
});

test.each(plans)('%s gives exactly its result', (name) => {
  const expected: unknown = JSON.parse(read(name.replace(/\.md$/, '.expected.json')));
  const parsed = parsePlan(read(name));
  expect(JSON.parse(JSON.stringify(parsed))).toStrictEqual(expected);
  expect(ParsedPlan.parse(parsed)).toEqual(parsed);
});

test('with other line ends and a byte order mark a plan says the same', () => {
  for (const name of plans) {
    const text = read(name)
      .replace(/^\ufeff/, '')
      .replace(/\r\n/g, '\n');
    const expected = parsePlan(text);
    for (const lineEnd of ['\r\n', '\r']) expect(parsePlan(`\ufeff${text.replaceAll('\n', lineEnd)}`), name).toEqual(expected);
  }
});
