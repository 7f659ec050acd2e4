// A plan is read by the daemon for whoever asks: without a project, without keeping anything.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isFailure } from '../../schemas/index.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';

const fixtures = join(import.meta.dirname, '../fixtures/plans');

test('the four plans come through the CLI exactly, and nothing is left behind', async () => {
  await using daemon = await startRealDaemon();
  const before = await daemon.events();
  for (const name of ['plan1-headings', 'plan2-checklist', 'plan3-ordered', 'plan4-prose']) {
    const ran = await daemon.cli(['task', 'parse', join(fixtures, `${name}.md`), '--json'], { cwd: daemon.home.dir });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toStrictEqual(JSON.parse(readFileSync(join(fixtures, `${name}.expected.json`), 'utf8')));
  }
  expect(await daemon.events()).toEqual(before);
  expect((await daemon.client.project.list({})).projects).toEqual([]);
});

test('an error exits with 6, a warning only when it is strict', async () => {
  await using daemon = await startRealDaemon();
  const parse = async (text: string, ...words: string[]) => {
    writeFileSync(daemon.home.path('plan.md'), text);
    return daemon.cli(['task', 'parse', 'plan.md', ...words], { cwd: daemon.home.dir });
  };
  expect(await parse('1. a\n   After: 9\n')).toEqual({
    exitCode: 0,
    stdout: '1\t1\tmedium\t\ta\n',
    stderr: 'plan.md:1: warning: unknown dependency: 9\n',
  });
  expect(await parse('1. a\n   After: 9\n', '--strict')).toMatchObject({ exitCode: 6, stderr: 'plan.md:1: unknown dependency: 9\n' });
  expect(await parse('1. a\n   After: 1\n')).toMatchObject({ exitCode: 6, stdout: '1\t\tmedium\t1\ta\n' });
  expect(await parse('```tasks\n- titel: a\n```\n')).toMatchObject({
    exitCode: 6,
    stdout: '',
    stderr: expect.stringContaining('plan.md:2: invalid block: '),
  });
  const large = await parse('x'.repeat(2 * 1024 * 1024), '--json');
  expect({ exitCode: large.exitCode, ...JSON.parse(large.stdout) }).toMatchObject({
    exitCode: 6,
    tasks: [],
    diagnostics: [{ code: 'plan_too_large' }],
  });
});

test('whoever may read may ask; parameters are checked', async () => {
  await using daemon = await startRealDaemon();
  const parsed = await daemon.client.specTask.parsePlan({ text: '- [ ] a\n- [ ] b (depends on 1)' });
  expect(parsed).toMatchObject({ strategy: 'checklist', waves: [['1'], ['2']], diagnostics: [] });
  // @ts-expect-error the text is no text
  const refused = await daemon.client.specTask.parsePlan({ text: 1 }).catch((error: unknown) => error);
  expect(isFailure(refused) && refused.kind).toBe('INVALID_PARAMS');
});
