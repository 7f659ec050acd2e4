// The contract tells everything it is asked for, and nothing in it is without use.
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { keyPaths, nodeAt } from '../../schemas/config-tree.ts';
import { events, methods } from '../../schemas/contract.ts';
import { accessLevels, type EventDef, type Method } from '../../schemas/define.ts';
import { type ErrorKind, errorTable, universalErrors } from '../../schemas/errors.ts';
import { notifications } from '../../schemas/event.ts';
import { foreverMethods } from '../../schemas/protocol.ts';
import { sourceFiles } from '../helpers/source-files.ts';

const allMethods = Object.entries(methods as Record<string, Method>);
const allEvents = Object.entries(events as Record<string, EventDef>);
const kinds = Object.keys(errorTable) as ErrorKind[];
const isSentence = (text: string): boolean => /^[A-Z].{10,}\.$/.test(text);

/** Kinds that no method answers. */
const localKinds: Readonly<Partial<Record<ErrorKind, string>>> = {
  PARSE_ERROR: 'answered before there is a method',
  INVALID_REQUEST: 'answered before there is a method',
  METHOD_NOT_FOUND: 'answered because there is no method',
  ALREADY_RUNNING: 'of coppiced itself, at its start',
  DB_TOO_NEW: 'of coppiced itself, at its start',
  DB_PRAGMA: 'of coppiced itself, at its start',
};

/** Named by protocol.md for methods that are not there yet; each leaves this list with its first method. */
const plannedKinds: readonly ErrorKind[] = ['PLAN_INVALID', 'AGENT_FAILED', 'GIT_CONFLICT', 'UNAVAILABLE', 'DEADLINE_EXCEEDED'];

test('every method has a sentence for a summary, an access level and an effect', () => {
  expect(allMethods.length).toBeGreaterThan(40);
  for (const [name, { summary, access, effect }] of allMethods) {
    expect(isSentence(summary), `${name}: ${summary}`).toBe(true);
    expect(accessLevels).toContain(access);
    expect(['read', 'mutation']).toContain(effect);
  }
});

test('every event, notification and error kind has a sentence for a summary', () => {
  expect(allEvents.length).toBeGreaterThan(20);
  for (const [name, { summary }] of [...allEvents, ...Object.entries(notifications), ...Object.entries(errorTable)]) {
    expect(isSentence(summary), `${name}: ${summary}`).toBe(true);
  }
});

test('every config key has a description and a reload class, and a default or is optional where its table is always there', () => {
  for (const path of keyPaths(() => ['any'])) {
    const name = path.join('.');
    const node = nodeAt(path);
    if (node?.kind !== 'key') throw new Error(`${name} is no key`);
    expect(isSentence(node.description), name).toBe(true);
    expect(['live', 'pinned', 'restart'], name).toContain(node.reload);
    if (!path.includes('any')) expect(node.schema.safeParse(undefined).success, name).toBe(true);
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+$/);
  }
});

test('methods are named noun.verb, events noun.pastVerb, each noun as its own', () => {
  for (const [name] of allMethods) expect(name).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
  for (const [name] of allEvents)
    expect(name).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*(ed|ing|Set|Grew)$|^[a-z]+\.(missing|activity|withdrawn|sent)$/);
  for (const name of foreverMethods) expect(methods).toHaveProperty([name]);
});

test('every error kind is answered by some method, universal, or documented as local', () => {
  const answered = new Set([...allMethods.flatMap(([, { errors }]) => errors), ...universalErrors]);
  const unused = kinds.filter((kind) => !answered.has(kind) && !(kind in localKinds));
  expect(unused.toSorted()).toEqual(plannedKinds.filter((kind) => !answered.has(kind)).toSorted());
});

test('no method lists a kind that every method has, nor one twice', () => {
  for (const [name, { errors }] of allMethods) {
    expect(new Set(errors).size, name).toBe(errors.length);
    expect(
      errors.filter((kind) => (universalErrors as readonly string[]).includes(kind) && kind !== 'INVALID_PARAMS'),
      name,
    ).toEqual([]);
  }
});

test('every kind that a method names is thrown somewhere', () => {
  const text = sourceFiles(['daemon', 'rpc'])
    .map((file) => file.text)
    .join('\n');
  const named = new Set(allMethods.flatMap(([, { errors }]) => errors));
  expect([...named].filter((kind) => !text.includes(`'${kind}'`))).toEqual([]);
});

test('a read takes no idempotency key, a mutation does, and every method takes a progress token', () => {
  for (const [name, { effect, params, own }] of allMethods) {
    expect('idempotencyKey' in params.shape, name).toBe(effect === 'mutation');
    expect('progressToken' in params.shape, name).toBe(true);
    expect(Object.keys(own.shape), name).not.toContain('idempotencyKey');
  }
});

test('a parameter that takes only an id says what it is of and which command lists them', () => {
  const told = allMethods.flatMap(([name, { own }]) =>
    Object.entries(own.shape).flatMap(([key, schema]) => {
      const [issue] = (schema as z.ZodType).safeParse('no-id').error?.issues ?? [];
      return issue?.message.startsWith('is not an id') || issue?.message.startsWith('is not the id')
        ? [`${name} ${key} ${issue.message}`]
        : [];
    }),
  );
  expect(told.length).toBeGreaterThan(5);
  for (const text of told) expect(text).toMatch(/ is not the id of an? [a-z ]+; "coppice [a-z].*" lists them$/);
});

test('a list that can grow is paged: limit, cursor and nextCursor together', () => {
  for (const [name, { own, result }] of allMethods) {
    const paged = 'cursor' in own.shape;
    const shape = (result as { shape?: object }).shape ?? {};
    expect('nextCursor' in shape, name).toBe(paged);
    if (paged) expect('limit' in own.shape, name).toBe(true);
  }
});
