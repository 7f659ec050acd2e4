import { expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { ParsedPlan } from '../../../../schemas/plan.ts';
import { cpuMs } from '../../../helpers/cpu-time.ts';
import { hostilePlans } from './hostile-plans.ts';

const mostMs = 1_000;

test('most of the hostile plans are as large as a plan may be', () => {
  const sizes = Object.values(hostilePlans).map((plan) => Buffer.byteLength(plan));
  expect(sizes.filter((size) => size > 1_000_000).length).toBeGreaterThan(60);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
});

test.each(Object.entries(hostilePlans))('%s: answered within a second', (_, plan) => {
  let parsed: unknown;
  const took = cpuMs(() => {
    parsed = parsePlan(plan);
  }, mostMs);
  expect(took).toBeLessThan(mostMs);
  expect(ParsedPlan.safeParse(parsed).success).toBe(true);
});
