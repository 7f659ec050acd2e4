import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { ParsedPlan } from '../../../../schemas/plan.ts';
import { cpuMs } from '../../../helpers/cpu-time.ts';
import { seeded } from '../../commands/fixture.ts';
import { mutate } from './mutate.ts';

const folder = join(import.meta.dirname, '../../../fixtures/plans');
const plans = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

const rounds = 20_000;
/** For 10 KB; longer plans may take in proportion. */
const mostMs = 10;
const sizeBytes = 10_000;

// A run of its own: COPPICE_SEED=… npm test -- tests/daemon/spec-tasks/plan/mutations.test.ts
const seed = Number(process.env.COPPICE_SEED ?? 20_250_613);

test(`of ${rounds} mutated plans (COPPICE_SEED=${seed}) each gives a result, in its time`, { timeout: 600_000 }, () => {
  const random = seeded(seed);
  // The first runs of any code are slow, whatever it does.
  for (let count = 0; count < 50; count += 1) for (const plan of plans) parsePlan(plan);
  let slowestMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    const text = mutate(plans, random);
    const allowedMs = mostMs * Math.max(1, Buffer.byteLength(text) / sizeBytes);
    let parsed: ParsedPlan | undefined;
    const took = cpuMs(() => {
      parsed = parsePlan(text, { strict: round % 2 === 0 });
    }, allowedMs);
    slowestMs = Math.max(slowestMs, (took / allowedMs) * mostMs);
    if (took > allowedMs || parsed === undefined || !holds(parsed)) {
      expect.fail(`seed ${seed}, round ${round}: ${took} ms for ${JSON.stringify(text)}\n${JSON.stringify(parsed)}`);
    }
  }
  expect(slowestMs).toBeLessThanOrEqual(mostMs);
});

/** What is true of every result. */
function holds(parsed: ParsedPlan): boolean {
  const { tasks, waves, diagnostics } = parsed;
  const labels = tasks.map(({ label }) => label);
  const unique = new Set(labels).size === labels.length;
  const indexed = tasks.every(({ index, title, key, dependencies }, at) => {
    const known = dependencies.every((one, position) => tasks[one] && (position === 0 || one > (dependencies[position - 1] ?? 0)));
    return index === at && title !== '' && title.length <= 200 && key !== '' && key.length <= 48 && known;
  });
  const circular = diagnostics.some(({ code }) => code === 'self_dependency' || code === 'dependency_cycle');
  const ordered = waves === null ? circular : !circular && waves.flat().toSorted().join() === labels.toSorted().join();
  return unique && indexed && ordered && ParsedPlan.safeParse(parsed).success;
}
