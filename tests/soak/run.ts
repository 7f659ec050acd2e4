// `npm run soak -- [--minutes N] [--seed S]`
import { parseArgs } from 'node:util';
import { reportText, runSoak } from './soak.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('--minutes takes a number above 0, --seed a whole one.\n');
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const report = await runSoak({ minutes, seed });
process.stdout.write(`${reportText(report)}\n`);
process.exitCode = report.problems.length === 0 ? 0 : 1;
