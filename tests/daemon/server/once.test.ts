import { expect, test } from 'vitest';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import { type Call, originOf } from '../../../daemon/server/connection.ts';
import { createOnce } from '../../../daemon/server/once.ts';
import { settle } from '../../../daemon/store/receipts.ts';
import { settled } from '../../helpers/manual-clock.ts';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';

function setUp() {
  const opened = openTestStore();
  const once = createOnce(opened.store, createKeyedQueue());
  const state = { runs: 0 };
  const callOf = (over: { key?: string; params?: unknown; method?: string; actor?: string } = {}): Call =>
    ({
      method: over.method ?? 'project.add',
      params: over.params ?? { path: '/x' },
      context: { caller: { actor: over.actor ?? 'owner' } },
      ...(over.key === undefined ? {} : { idempotencyKey: over.key }),
    }) as unknown as Call;
  const run = async (): Promise<unknown> => {
    state.runs += 1;
    await settled();
    return { run: state.runs };
  };
  return { store: opened.store, once, state, callOf, run, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('without a key a call runs each time and leaves no receipt', async () => {
  using setup = setUp();
  await setup.once(setup.callOf(), setup.run);
  await setup.once(setup.callOf(), setup.run);
  expect(setup.state.runs).toBe(2);
  expect(originOf(setup.callOf())).toEqual({ actor: 'owner', receipt: undefined });
});

test('with a key it runs once, and answers the same again', async () => {
  using setup = setUp();
  const first = await setup.once(setup.callOf({ key: 'k' }), setup.run);
  const second = await setup.once(setup.callOf({ key: 'k', params: { path: '/x' } }), setup.run);
  expect([first, second]).toEqual([{ run: 1 }, { run: 1 }]);
});

test('a second call that comes while the first runs waits for its answer', async () => {
  using setup = setUp();
  const answers = await Promise.all([1, 2, 3].map(() => setup.once(setup.callOf({ key: 'k' }), setup.run)));
  expect(answers).toEqual([{ run: 1 }, { run: 1 }, { run: 1 }]);
});

test('a call that failed leaves no receipt, so the same key may try again', async () => {
  using setup = setUp();
  await expect(setup.once(setup.callOf({ key: 'k' }), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await setup.once(setup.callOf({ key: 'k' }), setup.run)).toEqual({ run: 1 });
});

test.each([{ params: { path: '/y' } }, { method: 'project.remove' }])(
  'a key that was used for another call is a conflict: %j',
  async (other) => {
    using setup = setUp();
    await setup.once(setup.callOf({ key: 'k' }), setup.run);
    await expect(setup.once(setup.callOf({ key: 'k', ...other }), setup.run)).rejects.toMatchObject({ kind: 'CONFLICT' });
    expect(setup.state.runs).toBe(1);
  },
);

test("keys are the caller's own, also when name and key run together", async () => {
  using setup = setUp();
  await setup.once(setup.callOf({ key: 'b k', actor: 'token:a' }), setup.run);
  expect(await setup.once(setup.callOf({ key: 'k', actor: 'token:a b' }), setup.run)).toEqual({ run: 2 });
  expect(await setup.once(setup.callOf({ key: 'b k', actor: 'owner' }), setup.run)).toEqual({ run: 3 });
});

test('the receipt is written with the effect: an answer that never left is given again by another daemon', async () => {
  using setup = setUp();
  const call = setup.callOf({ key: 'k' });
  await setup.once(call, () =>
    setup.store.write((w) => {
      w.projects.insert(projectRow());
      return settle(w, originOf(call).receipt, { added: true });
    }),
  );
  const another = createOnce(setup.store, createKeyedQueue());
  expect(await another(setup.callOf({ key: 'k' }), setup.run)).toEqual({ added: true });
  expect(setup.state.runs).toBe(0);
});
