// What an event tells in full while its record is asked for again is not lost to an answer that is older than the event.
import { expect, test } from 'vitest';
import { Follower } from '../../../../client/cli/top/follower.ts';
import type { Client, ClientEvent, StreamItem } from '../../../../client/index.ts';
import { until } from '../../../helpers/until.ts';
import { at } from '../../helpers/fake-daemon.ts';
import { attention, attentionId, sampleWorld, taskId, work, workId } from '../../helpers/top-world.ts';

interface Asked {
  answer(result: unknown): void;
}

/** A daemon of one spec task and one attention, whose events and answers come when the test says so. */
function fakeClient() {
  const items: StreamItem[] = [];
  let wake: () => void = () => undefined;
  const asked: Asked[] = [];
  const later = () => new Promise<unknown>((answer) => asked.push({ answer }));
  const { specTask, progress, implTasks } = sampleWorld().tasks.get(taskId) ?? {};
  const overview = (state: string) => ({
    ...{ specTask, progress, implTasks },
    workSessions: [work(1, { agentState: { state, source: 'protocol', since: at } as never })],
  });
  async function* events({ signal }: { signal: AbortSignal }) {
    while (!signal.aborted) {
      for (let item = items.shift(); item !== undefined; item = items.shift()) yield item;
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
  const client = {
    hello: { cursor: 'e:1' },
    events,
    project: { list: async () => ({ projects: [] }) },
    specTask: {
      list: async ({ status }: { status: string[] }) => ({ specTasks: status.includes('done') ? [] : [specTask] }),
      overview: later,
    },
    session: { list: async () => ({ sessions: [] }) },
    attention: { list: async () => ({ attention: [attention()] }), get: later },
  } as unknown as Client;
  const emit = (type: string, data: object, subject: object = { specTaskId: taskId }): void => {
    items.push({ seq: 1, at, type, subject, actor: 'daemon', data, cursor: 'e:2' } as unknown as ClientEvent);
    wake();
  };
  return { client, asked, emit, overview };
}

function followed() {
  const fake = fakeClient();
  let changes = 0;
  const sink = {
    changed: () => {
      changes += 1;
    },
    notice: () => undefined,
    away: () => undefined,
  };
  const follower = new Follower(fake.client, sink);
  const ended = new AbortController();
  const run = follower.run(ended.signal);
  const changedFrom = async <T>(what: () => Promise<T> | T): Promise<void> => {
    const before = changes;
    await what();
    await until('a change', () => changes > before);
  };
  const loaded = async (): Promise<void> => {
    await until('the first question', () => fake.asked.length === 1);
    fake.asked[0]?.answer(fake.overview('idle'));
    await until('the world', () => follower.loaded);
  };
  const stop = async (): Promise<void> => {
    ended.abort();
    await run;
  };
  return { ...fake, follower, changedFrom, loaded, [Symbol.asyncDispose]: stop };
}

test('the state of an agent that changes while its task is asked for', async () => {
  await using its = followed();
  await its.loaded();
  its.emit('workSession.stageChanged', {});
  await until('the question', () => its.asked.length === 2);
  await its.changedFrom(() =>
    its.emit('thread.agentStateChanged', { workSessionId: workId(1), state: { state: 'working', source: 'protocol', since: at } }),
  );
  await its.changedFrom(() => its.asked[1]?.answer(its.overview('idle')));
  expect(its.follower.world.tasks.get(taskId)?.workSessions).toMatchObject([{ agentState: { state: 'working' } }]);
});

test('what waits for nobody any more while it is asked for', async () => {
  await using its = followed();
  await its.loaded();
  its.emit('attention.raised', { attentionId });
  await until('the question', () => its.asked.length === 2);
  await its.changedFrom(() => its.emit('attention.cleared', { attentionId }));
  await its.changedFrom(() => its.asked[1]?.answer(attention()));
  expect([...its.follower.world.attention.keys()]).toEqual([]);
});
