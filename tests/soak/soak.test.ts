import { expect, test } from 'vitest';
import { reportText, runSoak } from './soak.ts';

const minutes = Number(process.env.COPPICE_SOAK_MINUTES ?? 2);
const seed = Number(process.env.COPPICE_SEED ?? 20_260_704);

test(`after ${minutes} minutes of everything at once nothing is left (COPPICE_SEED=${seed})`, {
  timeout: minutes * 60_000 + 600_000,
}, async () => {
  const report = await runSoak({ minutes, seed });
  process.stdout.write(`${reportText(report)}\n`);
  expect(report.problems).toEqual([]);
});
