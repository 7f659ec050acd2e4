import { expect, test } from 'vitest';
import { createAdmission } from '../../../daemon/sessions/admission.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow } from '../../helpers/open-store.ts';

async function setUp(statuses: readonly ('queued' | 'preparing' | 'running' | 'succeeded')[], bound: number) {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store } = opened;
  await store.write((w) => {
    w.projects.insert(projectRow());
    statuses.forEach((status, index) => {
      w.sessions.insert(sessionRow(index + 1, { status }));
      w.steps.insert(stepRow(index + 1, { sessionId: idOf('ses', index + 1) }));
    });
  });
  const state = { bound, driven: [] as string[], watched: [] as string[], removedEnv: [] as string[] };
  const admission = createAdmission({
    store,
    clock,
    maxRunning: () => state.bound,
    runner: { drive: async (id) => void state.driven.push(id) },
    leftovers: { watch: (id) => void state.watched.push(id) },
    envFiles: { remove: async (id) => void state.removedEnv.push(id) },
  });
  return { opened, store, state, admission, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('the oldest are let in first, up to the bound; what ended counts no more', async () => {
  using setup = await setUp(['succeeded', 'running', 'queued', 'queued', 'queued'], 3);
  await setup.admission.admit();
  expect(setup.state.driven).toEqual([idOf('ses', 3), idOf('ses', 4)]);
  expect(setup.store.read((r) => [r.sessions.get(idOf('ses', 3))?.status, r.sessions.get(idOf('ses', 5))?.status])).toEqual([
    'preparing',
    'queued',
  ]);
  await setup.admission.admit();
  expect(setup.state.driven).toHaveLength(2);
  setup.state.bound = 4;
  await setup.admission.admit();
  expect(setup.state.driven).toEqual([idOf('ses', 3), idOf('ses', 4), idOf('ses', 5)]);
});

test('a bound that was lowered below what runs lets nobody in and ends nobody', async () => {
  using setup = await setUp(['running', 'running', 'queued'], 1);
  await setup.admission.admit();
  expect(setup.state.driven).toEqual([]);
});

test('calls that come together let nobody in twice', async () => {
  using setup = await setUp(['queued', 'queued', 'queued'], 2);
  await Promise.all([setup.admission.admit(), setup.admission.admit(), setup.admission.admit()]);
  expect(setup.state.driven).toEqual([idOf('ses', 1), idOf('ses', 2)]);
});

test('one cancelled while it waited ends without having run: steps skipped, secrets gone, and its place is free', async () => {
  using setup = await setUp(['queued', 'queued'], 1);
  const id = idOf('ses', 1);
  await setup.store.write((w) => w.sessions.change(id, { cancelRequestedAt: 1, cancelReason: 'enough' }));
  await setup.admission.admit();
  expect(setup.state).toMatchObject({ driven: [idOf('ses', 2)], removedEnv: [id] });
  expect(setup.store.read((r) => r.sessions.get(id))).toMatchObject({ status: 'cancelled', reason: 'enough', endedAt: expect.any(Number) });
  expect(setup.store.read((r) => r.steps.ofSession(id))).toMatchObject([{ status: 'skipped', reason: 'cancelled' }]);
  expect(setup.store.read((r) => r.events.page(0, 10).map(({ type }) => type))).toEqual(['session.finished', 'session.started']);
});
