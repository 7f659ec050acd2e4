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
    const wrong = parsed === undefined ? ['no result'] : falsehoods(parsed);
    if (took > allowedMs) wrong.push(`${took} ms`);
    if (wrong.length > 0) expect.fail(`seed ${seed}, round ${round}: ${wrong.join(', ')}: ${JSON.stringify(text)}`);
  }
  expect(slowestMs).toBeLessThanOrEqual(mostMs);
});

/** What should be true of every result, and is not. */
function falsehoods(parsed: ParsedPlan): string[] {
  const { tasks, waves, diagnostics } = parsed;
  const labels = tasks.map(({ label }) => label);
  const isKnown = (dependencies: number[]) => dependencies.every((one, at) => tasks[one] && one > (dependencies[at - 1] ?? -1));
  const isCircular = diagnostics.some(({ code }) => code === 'self_dependency' || code === 'dependency_cycle');
  const claims: readonly (readonly [string, boolean])[] = [
    ['labels are unique', new Set(labels).size === labels.length],
    ['indices are positions', tasks.every(({ index }, at) => index === at)],
    ['titles have a length', tasks.every(({ title, key }) => title !== '' && title.length <= 200 && key !== '' && key.length <= 48)],
    ['dependencies are known', tasks.every(({ dependencies }) => isKnown(dependencies))],
    ['waves are missing where something waits for itself', (waves === null) === isCircular],
    ['waves hold all tasks', waves === null || waves.flat().toSorted().join() === labels.toSorted().join()],
    ['the schema fits', ParsedPlan.safeParse(parsed).success],
  ];
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}
