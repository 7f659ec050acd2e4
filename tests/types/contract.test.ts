// What callers and handlers get from the contract, as types. `tsc -b` checks these files too.
import { expectTypeOf, test } from 'vitest';
import type { Handler, Handlers } from '../../rpc/bind.ts';
import { defineMethod } from '../../schemas/define.ts';
import type { EventData, EventType, MethodName, OwnParamsOf, ParamsOf, ResultOf } from '../../schemas/index.ts';
import { type ErrorKind, Failure, isFailure, type Session, type StepRun } from '../../schemas/index.ts';

test('a caller may leave out what has a default or is optional, and nothing else', () => {
  expectTypeOf<{ project: string; command: string }>().toExtend<ParamsOf<'session.start'>>();
  expectTypeOf<{ project: string; command: string; arguments: { n: number; list: string[] }; idempotencyKey: string }>().toExtend<
    ParamsOf<'session.start'>
  >();
  expectTypeOf<{ project: string }>().not.toExtend<ParamsOf<'session.start'>>();
  expectTypeOf<Record<never, never>>().toExtend<ParamsOf<'session.list'>>();
  expectTypeOf<ParamsOf<'session.list'>['status']>().toEqualTypeOf<
    ('queued' | 'preparing' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'active' | 'completed')[] | undefined
  >();
  expectTypeOf<ParamsOf<'session.get'>>().not.toHaveProperty('idempotencyKey');
  expectTypeOf<ParamsOf<'session.cancel'>>().toHaveProperty('idempotencyKey');
});

test('a handler gets defaults filled in, and not the fields that the rpc room takes', () => {
  expectTypeOf<OwnParamsOf<'session.start'>['arguments']>().toEqualTypeOf<Record<string, string | number | boolean | string[]>>();
  expectTypeOf<OwnParamsOf<'session.list'>['limit']>().toEqualTypeOf<number>();
  expectTypeOf<OwnParamsOf<'session.start'>>().not.toHaveProperty('idempotencyKey');
  expectTypeOf<OwnParamsOf<'session.start'>>().not.toHaveProperty('progressToken');
});

test('results are the shapes that are exported', () => {
  expectTypeOf<ResultOf<'session.start'>>().toEqualTypeOf<Session>();
  expectTypeOf<ResultOf<'session.listSteps'>>().toEqualTypeOf<{ stepRuns: StepRun[]; nextCursor?: string | undefined }>();
  expectTypeOf<ResultOf<'session.readOutput'>['data']>().toEqualTypeOf<string>();
  expectTypeOf<Session['status']>().toEqualTypeOf<
    'queued' | 'preparing' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'lost'
  >();
  expectTypeOf<Session['endedAt']>().toEqualTypeOf<string | undefined>();
});

test('names are literal, and the data of an event follows from its type', () => {
  expectTypeOf<'session.start'>().toExtend<MethodName>();
  expectTypeOf<'session.begin'>().not.toExtend<MethodName>();
  expectTypeOf<'step.finished'>().toExtend<EventType>();
  expectTypeOf<EventData<'step.finished'>['exitCode']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<EventData<'daemon.started'>>().toEqualTypeOf<{ version: string; pid: number; bootId: string }>();
});

test('every method needs its handler, and a handler answers what its method says', () => {
  expectTypeOf<keyof Handlers<unknown>>().toEqualTypeOf<MethodName>();
  expectTypeOf<() => { pid: number }>().toExtend<Handler<'daemon.ping', unknown>>();
  expectTypeOf<() => Promise<{ pid: number }>>().toExtend<Handler<'daemon.ping', unknown>>();
  expectTypeOf<() => { pid: string }>().not.toExtend<Handler<'daemon.ping', unknown>>();
});

test('error kinds are literal, and a caught Failure tells its kind', () => {
  expectTypeOf<'NOT_FOUND'>().toExtend<ErrorKind>();
  // @ts-expect-error no such kind
  void (() => new Failure('NO_SUCH_KIND', 'x'));
  const caught: unknown = new Failure('NOT_FOUND', 'x');
  if (isFailure(caught)) expectTypeOf(caught.kind).toEqualTypeOf<ErrorKind>();
  // @ts-expect-error no such error kind in a method
  void (() => defineMethod({ summary: 'x', access: 'read', effect: 'read', params: {}, result: undefined as never, errors: ['NOPE'] }));
});
