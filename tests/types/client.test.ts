// The library as a program uses it: no method has code of its own, every method has its types.
import { expectTypeOf, test } from 'vitest';
import type { Client, ConnectOptions, connect, StreamItem } from '../../client/index.ts';
import type { ResultOf, Session } from '../../schemas/index.ts';

declare const client: Client;
/** Never called: only its types are looked at. */
const only = (_: () => unknown): void => {};

test('client.noun.verb takes the parameters of its method and resolves to its result', () => {
  expectTypeOf<Client['session']['start']>().parameter(0).toExtend<{ project: string; command: string }>();
  expectTypeOf<Client['session']['start']>().returns.resolves.toEqualTypeOf<Session>();
  expectTypeOf<Client['worktree']['diff']>().returns.resolves.toEqualTypeOf<ResultOf<'worktree.diff'>>();
  expectTypeOf<Client['rpc']['discover']>().returns.resolves.toEqualTypeOf<Record<string, unknown>>();
});

test('parameters may be left out where none is required, and only there', () => {
  only(() => client.session.list());
  only(() => client.daemon.ping());
  // @ts-expect-error it needs an id
  only(() => client.session.get());
  // @ts-expect-error it needs a command
  only(() => client.session.start({ project: 'demo' }));
});

test('a wrong name or value does not compile', () => {
  // @ts-expect-error no such noun
  only(() => client.sessions.list());
  // @ts-expect-error no such verb
  only(() => client.session.begin({}));
  // @ts-expect-error no such parameter
  only(() => client.session.get({ id: 'x', idd: 'y' }));
  // @ts-expect-error no such status
  only(() => client.session.list({ status: ['asleep'] }));
});

test('any method can be called by its name, with an answer that is not known', () => {
  expectTypeOf<Client['call']>().parameter(0).toEqualTypeOf<string>();
  expectTypeOf<Client['call']>().returns.resolves.toEqualTypeOf<unknown>();
});

test('events are a stream that can be left, and a client is closed by await using', () => {
  expectTypeOf<ReturnType<Client['events']>>().toExtend<AsyncIterable<StreamItem>>();
  expectTypeOf<Client>().toExtend<AsyncDisposable>();
  expectTypeOf<typeof connect>().toEqualTypeOf<(options?: ConnectOptions) => Promise<Client>>();
});
