import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../rpc/package-info.ts';

const scripts = ['log-pane.pl', 'run-step.pl', 'spawner.pl'].map((name) => join(packageRoot(), 'daemon', 'tools', name));

test.each(scripts)('%s compiles under strict, and perl has nothing to warn of', async (script) => {
  const { stderr } = await execa('perl', ['-Mstrict', '-Mwarnings', '-c', script]);
  expect(stderr).toBe(`${script} syntax OK`);
});

test.each(scripts.filter((script) => !script.endsWith('spawner.pl')))('%s, which starts with every step, loads nothing', (script) => {
  expect(readFileSync(script, 'utf8')).not.toMatch(/^\s*(?:use|no|require)\b|\$!\{/m);
});
