import { expect, test } from 'vitest';
import { nearest } from '../../rpc/nearest.ts';
import { isChallenge, proofOf } from '../../rpc/proof.ts';
import { safeEqual } from '../../rpc/safe-equal.ts';
import { failureToWire, internalToWire, wireToFailure } from '../../rpc/wire-error.ts';
import { type ErrorKind, errorTable, Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';

test.each(Object.keys(errorTable) as ErrorKind[])('%s comes over the wire as it was', (kind) => {
  const failure = new Failure(kind, 'A sentence.', { details: { a: 1 }, retryable: true });
  const wire = failureToWire(failure);
  expect(wire).toEqual({ code: errorTable[kind].code, message: 'A sentence.', data: { kind, retryable: true, details: { a: 1 } } });
  const back = wireToFailure(JSON.parse(JSON.stringify(wire)));
  expect(isFailure(back)).toBe(true);
  expect(back).toMatchObject({ kind, message: 'A sentence.', details: { a: 1 }, retryable: true });
});

test('an internal error says where to look and nothing else', () => {
  expect(internalToWire('r1')).toMatchObject({ code: -32603, data: { kind: 'INTERNAL', ref: 'r1' } });
  expect(wireToFailure(internalToWire('r1'))).toMatchObject({ kind: 'INTERNAL', ref: 'r1' });
});

test('a kind of a newer daemon becomes one of the same class', () => {
  expect(wireToFailure({ code: 4040, message: 'x', data: { kind: 'GONE_FOR_GOOD' } })?.kind).toBe('NOT_FOUND');
  expect(wireToFailure({ code: 1, message: 'x', data: { kind: 'toString' } })?.kind).toBe('INTERNAL');
  expect(wireToFailure({ code: -32601, message: 'Method not found' })?.kind).toBe('METHOD_NOT_FOUND');
});

test.each([null, 'text', [], {}, { code: '1', message: 'x' }, { code: 1 }])('%j is no error object', (value) => {
  expect(wireToFailure(value)).toBeUndefined();
});

test('long messages are cut', () => {
  expect(failureToWire(new Failure('NOT_FOUND', 'x'.repeat(10_000))).message).toHaveLength(limits.errorMessageChars);
});

test('near names are found and far ones are not', () => {
  const names = ['session.start', 'session.list', 'session.get', 'worktree.list'];
  expect(nearest('sesion.start', names)).toEqual(['session.start']);
  expect(nearest('session.strat', names)[0]).toBe('session.start');
  expect(nearest('SESSION.GET', names)[0]).toBe('session.get');
  expect(nearest('x', names)).toEqual([]);
  expect(nearest('a'.repeat(100_000), names)).toEqual([]);
});

test('secrets of any length compare', () => {
  expect(safeEqual('abc', 'abc')).toBe(true);
  expect(safeEqual('abc', 'abd')).toBe(false);
  expect(safeEqual('abc', 'abcd')).toBe(false);
  expect(safeEqual('', '')).toBe(true);
});

test('a proof depends on secret and challenge', () => {
  expect(proofOf('s', 'aa')).toMatch(/^[0-9a-f]{64}$/);
  expect(proofOf('s', 'aa')).not.toBe(proofOf('t', 'aa'));
  expect(isChallenge('ab'.repeat(8))).toBe(true);
  expect(isChallenge('ab'.repeat(7))).toBe(false);
  expect(isChallenge('ab'.repeat(65))).toBe(false);
  expect(isChallenge('zz'.repeat(16))).toBe(false);
});
