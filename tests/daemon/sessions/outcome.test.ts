import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createMask } from '../../../daemon/kernel/mask.ts';
import { outcomeOf } from '../../../daemon/sessions/outcome.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { stepRow } from '../../helpers/open-store.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const silent = stepRow(1);
const open = createMask([]);

test('exit 0 is success, whatever the output says', async () => {
  using dir = createTempDir();
  writeFileSync(dir.at('log'), 'FATAL ERROR\n');
  const step = { ...silent, outputPath: dir.at('log') };
  expect(await outcomeOf.exit({ kind: 'exit', code: 0 }, undefined, step, { size: 12, mask: open })).toEqual({
    exitCode: 0,
    status: 'succeeded',
  });
});

test.each([
  [
    'another exit code',
    { kind: 'exit', code: 7 },
    undefined,
    { status: 'failed', reason: 'exit', exitCode: 7, error: 'It ended with exit code 7.' },
  ],
  [
    'a signal',
    { kind: 'signal', signal: 'SIGSEGV' },
    undefined,
    { status: 'failed', reason: 'signal', signal: 'SIGSEGV', error: 'It was ended by SIGSEGV.' },
  ],
  [
    'our own timeout',
    { kind: 'signal', signal: 'SIGTERM' },
    'timeout',
    { status: 'failed', reason: 'timeout', signal: 'SIGTERM', error: 'It took longer than its time allowed.' },
  ],
  ['our own cancel', { kind: 'signal', signal: 'SIGTERM' }, 'cancelled', { status: 'cancelled', reason: 'cancelled', signal: 'SIGTERM' }],
  [
    'a cancel that it answered with exit 0',
    { kind: 'exit', code: 0 },
    'cancelled',
    { status: 'cancelled', reason: 'cancelled', exitCode: 0 },
  ],
  [
    'a program that could not start',
    { kind: 'error', message: 'no such file' },
    undefined,
    { status: 'failed', reason: 'start', error: 'It could not start: no such file.' },
  ],
  ['a wrapper that was killed', { kind: 'lost' }, undefined, { status: 'lost', reason: 'lost' }],
  ['no word of how it ended', undefined, undefined, { status: 'lost', reason: 'lost' }],
] as const)('%s', async (_, exit, stopped, wanted) => {
  const outcome = await outcomeOf.exit(exit as Parameters<typeof outcomeOf.exit>[0], stopped, silent, { size: 0, mask: open });
  expect(outcome).toMatchObject(wanted);
});

test('a failure carries the last lines of the output of its own attempt, cleaned and bounded', async () => {
  using dir = createTempDir();
  const before = 'an earlier attempt\n';
  const own = `${Array.from({ length: 50 }, (_, n) => `line ${n}`).join('\r\n')}\0\r\n\n`;
  writeFileSync(dir.at('log'), before + own);
  const step = { ...silent, outputPath: dir.at('log'), outputOffset: before.length };
  const { error = '' } = await outcomeOf.exit({ kind: 'exit', code: 1 }, undefined, step, { size: own.length, mask: open });
  expect(error.split('\n')).toEqual([
    'It ended with exit code 1. Its last lines:',
    ...Array.from({ length: 20 }, (_, n) => `line ${n + 30}`),
  ]);
  writeFileSync(dir.at('log'), 'z'.repeat(100_000));
  const long = await outcomeOf.exit({ kind: 'exit', code: 1 }, undefined, { ...step, outputOffset: 0 }, { size: 100_000, mask: open });
  expect(long.error?.length).toBeLessThanOrEqual(limits.errorMessageChars);
});

test('the size of what is not there is 0', async () => {
  using dir = createTempDir();
  writeFileSync(dir.at('log'), 'four');
  expect([await outcomeOf.size(undefined), await outcomeOf.size(dir.at('none')), await outcomeOf.size(dir.at('log'))]).toEqual([0, 0, 4]);
});

test('a step that could not begin fails by the kind or code of the error; a bug is thrown on', () => {
  expect(outcomeOf.failure(new Failure('TOOL_MISSING', 'No perl.'))).toEqual({
    status: 'failed',
    reason: 'tool_missing',
    error: 'No perl.',
  });
  const noSpace = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  expect(outcomeOf.failure(noSpace)).toEqual({ status: 'failed', reason: 'enospc', error: 'ENOSPC: no space left.' });
  expect(() => outcomeOf.failure(new TypeError('x is undefined'))).toThrow(TypeError);
});

test('what is told of the output tells no secret, also none that begins before what is read', async () => {
  using dir = createTempDir();
  const secret = 'canary-0123456789';
  const mask = createMask([secret]);
  // One line, of which the first letters to be read are the last of a secret.
  const log = secret.repeat(1_000);
  expect(limits.outputTailBytes % secret.length).toBeGreaterThan(3);
  writeFileSync(dir.at('log'), `${log}\n`);
  const step = { ...silent, outputPath: dir.at('log') };
  const { error = '' } = await outcomeOf.exit({ kind: 'exit', code: 1 }, undefined, step, { size: log.length + 1, mask });
  expect(error).toMatch(/^It ended with exit code 1\. Its last lines:\n(\*\*\*)+$/);
});
