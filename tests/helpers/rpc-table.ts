// A contract of a few methods, so that tests of the rpc room need no daemon.
import { z } from 'zod';
import { type BindOptions, bindTable, type Dispatcher, type HandlerTable, JsonText } from '../../rpc/bind.ts';
import { type Access, defineMethod, type Method } from '../../schemas/define.ts';
import { Failure } from '../../schemas/errors.ts';

const numbers = { minuend: z.number(), subtrahend: z.number() };
const loose = z.unknown();

export const testTable = {
  subtract: defineMethod({ summary: 'Subtracts.', access: 'public', effect: 'read', params: numbers, result: z.number() }),
  get_data: defineMethod({ summary: 'Data.', access: 'public', effect: 'read', params: {}, result: loose }),
  kept: defineMethod({ summary: 'A kept text.', access: 'public', effect: 'read', params: {}, result: loose }),
  echo: defineMethod({ summary: 'Echo.', access: 'read', effect: 'read', params: { value: loose }, result: loose }),
  nested: defineMethod({
    summary: 'Nested parameters.',
    access: 'public',
    effect: 'mutation',
    params: { inner: z.strictObject({ colour: z.string().default('red') }).optional(), count: z.int().optional() },
    result: loose,
  }),
  wait: defineMethod({ summary: 'Never ends by itself.', access: 'public', effect: 'read', params: {}, result: loose }),
  ignore: defineMethod({
    summary: 'Ends when it is told, not when it is aborted.',
    access: 'public',
    effect: 'read',
    params: {},
    result: loose,
  }),
  write: defineMethod({ summary: 'A mutation that ends when told.', access: 'public', effect: 'mutation', params: {}, result: loose }),
  work: defineMethod({ summary: 'Reports progress.', access: 'public', effect: 'read', params: {}, result: loose }),
  fail: defineMethod({ summary: 'Fails as told.', access: 'public', effect: 'read', params: { how: z.string() }, result: loose }),
  'daemon.hello': defineMethod({ summary: 'Hello.', access: 'public', effect: 'read', params: {}, result: loose }),
  secret: defineMethod({ summary: 'For admins.', access: 'admin', effect: 'read', params: {}, result: loose }),
  wrong: defineMethod({ summary: 'Breaks its contract.', access: 'public', effect: 'read', params: {}, result: z.string() }),
} satisfies Record<string, Method>;

export interface TestContext {
  access: ReadonlySet<Access>;
}

/** What the handlers saw, and the way to let the waiting ones end. */
export class Trace {
  readonly started: string[] = [];
  readonly aborted: string[] = [];
  readonly internal: unknown[] = [];
  readonly signals: AbortSignal[] = [];
  release: (value: unknown) => void = () => undefined;
  readonly released = new Promise<unknown>((resolve) => {
    this.release = resolve;
  });
}

export function testDispatcher(trace = new Trace(), options: Partial<BindOptions<TestContext>> = {}): Dispatcher<TestContext> {
  let calls = 0;
  return bindTable<TestContext>(testTable, testHandlers(trace), {
    access: (context) => context.access,
    onInternal: (error) => {
      trace.internal.push(error);
      return `ref-${trace.internal.length}`;
    },
    newCallId: () => {
      calls += 1;
      return `call-${calls}`;
    },
    ...options,
  });
}

export function testContext(...access: Access[]): TestContext {
  return { access: new Set(access) };
}

function testHandlers(trace: Trace): HandlerTable<TestContext> {
  return {
    subtract: ({ minuend, subtrahend }: { minuend: number; subtrahend: number }) => minuend - subtrahend,
    get_data: () => ['hello', 5],
    kept: () => new JsonText('{\n"kept":true}'),
    echo: ({ value }: { value: unknown }) => value ?? null,
    nested: (params: unknown, call) => ({ params, key: call.idempotencyKey ?? null, callId: call.callId, method: call.method }),
    wait: (_params, call) =>
      new Promise((_resolve, reject) => {
        trace.started.push('wait');
        trace.signals.push(call.signal);
        call.signal.addEventListener('abort', () => {
          trace.aborted.push('wait');
          reject(call.signal.reason);
        });
      }),
    ignore: () => {
      trace.started.push('ignore');
      return trace.released;
    },
    write: async (_params, call) => {
      trace.started.push('write');
      trace.signals.push(call.signal);
      return await trace.released;
    },
    work: (_params, call) => {
      call.progress({ percent: 50 });
      call.progress({ percent: 100 });
      return 'done';
    },
    fail: ({ how }: { how: string }) => fail(how),
    'daemon.hello': () => ({}),
    secret: () => 'secret',
    wrong: () => 5,
  };
}

function fail(how: string): unknown {
  const details: Record<string, unknown> = { entity: 'session', id: 'x' };
  if (how === 'failure') throw new Failure('NOT_FOUND', 'There is no session "x".', { details });
  if (how === 'retry') throw new Failure('TOOL_FAILED', 'git failed.', { retryable: true });
  if (how === 'internal') throw new Failure('INTERNAL', 'a private thing');
  if (how === 'later') return Promise.reject(new Error('a private thing'));
  if (how === 'bigint') return 5n;
  if (how === 'cycle') {
    details.self = details;
    throw new Failure('NOT_FOUND', 'Cyclic.', { details });
  }
  throw new Error('a private thing');
}
