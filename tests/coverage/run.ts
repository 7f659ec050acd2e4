// `npm run coverage`: the tests, once, and which lines ran, in vitest's own processes and in the daemons that tests start. Ends non-zero
// below the floor. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../helpers/package-root.ts';
import { lineCoverage } from './lines.ts';
import { type CoverageData, spawnedCoverage } from './spawned.ts';

const floorPercent = 80;

const outDir = join(packageRoot, 'coverage');
const spawnedDir = join(outDir, 'spawned');
rmSync(outDir, { recursive: true, force: true });
mkdirSync(spawnedDir, { recursive: true });
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--reporter=./tests/helpers/reporter.ts', '--coverage', '--coverage.clean=false', ...process.argv.slice(2)],
  {
    cwd: packageRoot,
    env: { ...process.env, COPPICE_COVERAGE_DIR: spawnedDir },
    stdio: 'inherit',
  },
);

const base = JSON.parse(readFileSync(join(outDir, 'coverage-final.json'), 'utf8')) as CoverageData;
const files = lineCoverage(base, await spawnedCoverage(spawnedDir, join(packageRoot, 'dist')));
const percentOf = (covered: number, lines: number): number => (lines === 0 ? 100 : (100 * covered) / lines);
let lines = 0;
let covered = 0;
for (const [path, file] of files) {
  lines += file.lines;
  covered += file.covered;
  const percent = percentOf(file.covered, file.lines);
  if (!process.env.CI && percent < floorPercent)
    process.stdout.write(`${percent.toFixed(1).padStart(5)} %  ${relative(packageRoot, path)}\n`);
}
const total = percentOf(covered, lines);
process.stdout.write(`${total.toFixed(2)} % of ${lines} lines ran.\n`);
process.exitCode = status ?? 1;
if (total < floorPercent) {
  process.stderr.write(`That is under the floor of ${floorPercent} %.\n`);
  process.exitCode ||= 1;
}
