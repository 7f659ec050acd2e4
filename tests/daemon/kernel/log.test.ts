import { expect, test } from 'vitest';
import { createLog } from '../../../daemon/kernel/log.ts';
import { Failure } from '../../../schemas/errors.ts';

function setUp(level = 'info') {
  const lines: string[] = [];
  const root = createLog(level, (line) => void lines.push(line));
  return { ...root, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

test('an entry is one line of JSON with time, level and message', () => {
  const { log, lines, last } = setUp();
  log.info({ port: 1 }, 'ready\nnow');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  expect(last()).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), port: 1, msg: 'ready\nnow' });
});

const secret = 'canary-4711';
test.each(['token', 'secret', 'password', 'authorization', 'environment', 'env', 'text'])('the value of "%s" is never written', (key) => {
  const { log, lines } = setUp();
  log.info({ [key]: secret }, 'top');
  log.info({ a: { [key]: secret } }, 'one deeper');
  log.info({ a: { b: { [key]: secret } } }, 'two deeper');
  log.info({ a: { b: { c: { [key]: secret } } } }, 'three deeper');
  log.info({ list: [{ [key]: secret }] }, 'in a list');
  log.info({ [key]: { nested: secret } }, 'an object');
  log.info({ err: new Failure('PRECONDITION', 'x', { details: { [key]: secret } }) }, 'in an error');
  log.info({ err: new Error('outer', { cause: Object.assign(new Error('inner'), { [key]: secret }) }) }, 'in its cause');
  log.child({ [key]: secret }).info('in a child');
  log.child({ a: { [key]: secret } }).info('deeper in a child');
  expect(lines).toHaveLength(10);
  expect(lines.join('')).not.toContain(secret);
});

test('an error keeps its message, stack and kind', () => {
  const { log, last } = setUp();
  log.error({ err: new Failure('STORE_BUSY', 'It is busy.') }, 'failed');
  expect(last()).toMatchObject({
    level: 'error',
    msg: 'failed',
    err: { message: 'It is busy.', kind: 'STORE_BUSY', stack: expect.any(String) },
  });
});

test('the level can be changed while it runs, for children too', () => {
  const { log, lines, setLevel } = setUp('warn');
  log.info('hidden');
  expect(lines).toHaveLength(0);
  setLevel('debug');
  log.debug('shown');
  log.child({ part: 'x' }).debug('shown');
  expect(lines).toHaveLength(2);
});
