import { describe, expect, test } from 'vitest';
import { argumentEnvironment, resolveArguments } from '../../../daemon/commands/arguments.ts';
import type { CommandArgument } from '../../../schemas/index.ts';
import { isFailure } from '../../../schemas/index.ts';
import { definitionOf, fixture } from './fixture.ts';

const argument = (over: Partial<CommandArgument>): CommandArgument => ({
  name: 'x',
  type: 'string',
  required: false,
  secret: false,
  ...over,
});

function issues(declared: readonly CommandArgument[], given: Record<string, unknown>): unknown {
  try {
    resolveArguments(declared, given);
  } catch (error) {
    if (isFailure(error) && error.kind === 'INVALID_PARAMS') return error.details?.issues;
    throw error;
  }
  return [];
}

describe('coercion', () => {
  test.each([
    ['string', 'a=b', 'a=b'],
    ['string', 5, '5'],
    ['string', '', ''],
    ['integer', '42', 42],
    ['integer', -1, -1],
    ['number', '2.5e3', 2500],
    ['number', '.5', 0.5],
    ['boolean', 'TRUE', true],
    ['boolean', 'no', false],
    ['boolean', '0', false],
    ['boolean', 1, true],
    ['path', 'a/b', 'a/b'],
    ['list', 'a, b,,c', ['a', 'b', 'c']],
    ['list', ['a,b', 'c'], ['a,b', 'c']],
    ['list', '', []],
  ] as const)('%s reads %j as %j', (type, given, value) => {
    expect(resolveArguments([argument({ type })], { x: given }).values).toEqual({ x: value });
  });

  test.each([
    ['string', ['a']],
    ['string', 'a\0b'],
    ['integer', '1.5'],
    ['integer', '9007199254740993'],
    ['integer', ''],
    ['number', 'NaN'],
    ['number', '0x10'],
    ['boolean', 'maybe'],
    ['path', ''],
  ] as const)('%s refuses %j', (type, given) => {
    expect(issues([argument({ type })], { x: given })).toHaveLength(1);
  });
});

test('all problems come at once, each with its path', () => {
  const declared = [
    argument({ name: 'feature', required: true }),
    argument({ name: 'count', type: 'integer' }),
    argument({ name: 'level', choices: ['low', 'high'] }),
    argument({ name: 'token', type: 'integer', secret: true }),
  ];
  expect(issues(declared, { count: 'many', level: 'mid', featre: 'x', token: 'hunter2' })).toEqual([
    { path: 'arguments.featre', message: 'The command has no argument "featre"; did you mean "feature"?' },
    { path: 'arguments.feature', message: 'The argument "feature" (string) is required.' },
    { path: 'arguments.count', message: 'The argument "count" must be a whole number, not "many".' },
    { path: 'arguments.level', message: 'The argument "level" must be one of low, high, not "mid".' },
    { path: 'arguments.token', message: 'The argument "token" must be a whole number.' },
  ]);
});

test('defaults fill in, secrets are masked, and what has no value is left out', async () => {
  const declared = definitionOf(await fixture('every-key')).arguments;
  const { values, masked } = resolveArguments(declared, { plain: 'p', count: '3', token: 't0p' });
  const others = { plain: 'p', version: '1.10', count: 3, ratio: 0.5, dry: true, 'out-dir': 'build', parts: ['a', 'b'] };
  expect(values).toEqual({ ...others, token: 't0p' });
  expect(masked).toEqual({ ...others, token: '***' });
  expect(resolveArguments(declared, { plain: 'p', count: 3 }).values).not.toHaveProperty('token');
});

test('each declared argument is a variable', () => {
  const declared = [argument({ name: 'out-dir' }), argument({ name: 'none' })];
  expect(argumentEnvironment({ 'out-dir': 'a b', list: ['x', 'y"'], dry: false, n: 1.5 }, declared)).toEqual({
    COPPICE_ARG_OUT_DIR: 'a b',
    COPPICE_ARG_NONE: '',
    COPPICE_ARG_LIST: '["x","y\\""]',
    COPPICE_ARG_DRY: 'false',
    COPPICE_ARG_N: '1.5',
  });
});

test('hostile text stays data', () => {
  const hostile = 'x; touch pwned $(id) `id` {{ user }} \n"\'';
  const { values } = resolveArguments([argument({ name: 'message' })], { message: hostile });
  expect(argumentEnvironment(values)).toEqual({ COPPICE_ARG_MESSAGE: hostile });
  expect(issues([], JSON.parse('{"__proto__": 1, "constructor": 2}'))).toHaveLength(2);
});
