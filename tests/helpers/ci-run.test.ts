// What .ci/run makes of what its checks say: it is run for real, with an npm and a tsc of our own.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './source-files.ts';
import { createTempDir } from './temp-dir.ts';

interface Said {
  readonly status?: number;
  readonly text?: string;
}

/** `npm run --silent NAME` says what is given for NAME. */
function ciRun(said: Readonly<Record<string, Said>>): { status: number | null; lines: string[] } {
  using dir = createTempDir();
  const program = (name: string, text: string): void => {
    mkdirSync(dirname(dir.at(name)), { recursive: true });
    writeFileSync(dir.at(name), `#!/usr/bin/env bash\n${text}`);
    chmodSync(dir.at(name), 0o755);
  };
  const cases = Object.entries(said).map(([name, { status = 0, text = '' }]) => `*" ${name}"*) printf '%s' '${text}'; exit ${status};;`);
  program('bin/npm', `case " $*" in\n${cases.join('\n')}\nesac\n`);
  program('node_modules/.bin/tsc', '');
  mkdirSync(dir.at('.ci'));
  copyFileSync(`${root}/.ci/run`, dir.at('.ci/run'));
  const env = { PATH: `${dir.at('bin')}:${process.env.PATH}`, HOME: dir.path };
  const { status, stdout } = spawnSync('bash', [dir.at('.ci/run')], { env, encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

const covered = '\nLines        : 91.2% ( 912/1000 )\n';

test.each([
  { what: 'all is well', coverage: { text: `ok a.test.ts\n7 passed, 0 failed${covered}` }, last: '7 passed, 0 failed', status: 0 },
  {
    what: 'some are skipped',
    coverage: { text: `7 passed, 0 failed, 2 skipped${covered}` },
    last: '7 passed, 0 failed, 2 skipped',
    status: 0,
  },
  { what: 'a test fails', coverage: { text: '6 passed, 1 failed\n', status: 1 }, last: '6 passed, 1 failed', status: 1 },
  { what: 'too little is covered', coverage: { text: `7 passed, 0 failed${covered}`, status: 1 }, last: '7 passed, 1 failed', status: 1 },
  { what: 'the tests break off', coverage: { text: 'out of memory\n', status: 134 }, last: '0 passed, 1 failed', status: 1 },
])('the last line tells the counts when $what, and so does the exit status', ({ coverage, last, status }) => {
  const run = ciRun({ coverage });
  expect(run.lines.at(-1)).toBe(last);
  expect(run.status).toBe(status);
  expect(run.lines.filter((line) => / passed, /.test(line))).toHaveLength(1);
});

test('a check that fails counts as one failed, and is shown', () => {
  const run = ciRun({
    lint: { status: 1, text: 'a.ts is ugly' },
    policy: { status: 1 },
    coverage: { text: `7 passed, 0 failed${covered}` },
  });
  expect(run.lines.at(-1)).toBe('7 passed, 2 failed');
  expect(run.lines.join('\n')).toContain('a.ts is ugly');
  expect(run.status).toBe(1);
});

test('what failed is said once more, just before the last line', () => {
  const failures = ['failed: a.test.ts > adds: expected 2 to be 3', 'failed: b.test.ts > loads: no such file'];
  const run = ciRun({
    lint: { status: 1, text: 'a.ts is ugly' },
    coverage: { text: `${failures.join('\n')}\n5 passed, 2 failed${covered}`, status: 1 },
    bench: { status: 1, text: '| rpc | SHORT |\n' },
  });
  const checks = ['failed: npm run --silent lint', ...failures, 'failed: npm run bench -- --quick'];
  expect(run.lines.slice(-5)).toEqual([...checks, '5 passed, 4 failed']);
});

test('the table of the bench is shown before the last line, and short figures fail nothing', () => {
  const run = ciRun({ coverage: { text: `7 passed, 0 failed${covered}` }, bench: { text: '| rpc | SHORT |\n' } });
  expect(run.lines.slice(-2)).toEqual(['| rpc | SHORT |', '7 passed, 0 failed']);
  expect(run.status).toBe(0);
});

test('a bench that breaks counts as one failed', () => {
  const run = ciRun({ coverage: { text: `7 passed, 0 failed${covered}` }, bench: { status: 1, text: '' } });
  expect(run.lines.at(-1)).toBe('7 passed, 1 failed');
  expect(run.lines).toContain('failed: npm run bench -- --quick');
  expect(run.status).toBe(1);
});
