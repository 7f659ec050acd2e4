import { describe, expect, test } from 'vitest';
import { Listener, makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

describe('a subscription', () => {
  test('replays, then goes on live, without gap or duplicate while others write', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    await makeEvents(client, 3_000);
    const writing = makeEvents(client, 6_000);
    await using listener = await Listener.to(home.socketPath);
    const epoch = client.hello.cursor.split(':')[0];
    // Each begins somewhere else, while the log grows under it.
    const all = await Promise.all([0, 1, 777, 2_999, 3_000].map((seq) => listener.subscribe({ after: `${epoch}:${seq}` })));
    await writing;
    const { cursor } = await client.daemon.hello({ protocolVersion: 1 });
    for (const received of all) {
      await received.reaches(seqOf(cursor));
      expect(received.seqs).toEqual(range(seqOf(received.answer.cursor) + 1, seqOf(cursor)));
      expect(received.answer.fresh).toBe(false);
      expect(received.gaps).toEqual([]);
      expect(received.notifications.every(({ events }) => JSON.stringify(events).length <= 64 * 1024)).toBe(true);
      for (const { cursor: at, events } of received.notifications) expect(seqOf(at)).toBeGreaterThanOrEqual(events.at(-1)?.seq ?? 0);
    }
  });

  test('without a cursor begins at the end of the log, and several on one connection do not disturb each other', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    await makeEvents(client, 10);
    await using listener = await Listener.to(home.socketPath);
    const everything = await listener.subscribe();
    const created = await listener.subscribe({ types: ['auth.tokenCreated'] });
    const ended = await listener.subscribe({ types: ['*.tokenRevoked', 'session.*'] });
    const others = await listener.subscribe({ types: ['session.*', 'auth'] });
    await makeEvents(client, 100, 1);
    const from = seqOf(everything.answer.cursor);
    await everything.reaches(from + 100);
    expect(everything.seqs).toEqual(range(from + 1, from + 100));
    await created.reaches(from + 99);
    await ended.reaches(from + 100);
    expect(created.seqs).toEqual(range(from + 1, from + 100).filter((seq) => (seq - from) % 2 === 1));
    expect(ended.seqs).toEqual(range(from + 1, from + 100).filter((seq) => (seq - from) % 2 === 0));
    expect(others.events).toEqual([]);
    expect(listener.strays).toEqual([]);
  });

  test('takes the events of one subject only', async () => {
    await using daemon = await startRealDaemon();
    await using one = await createTestRepo({ name: 'one' });
    await using two = await createTestRepo({ name: 'two' });
    const { client, home } = daemon;
    await using listener = await Listener.to(home.socketPath);
    const first = await client.project.add({ path: one.path });
    const live = await listener.subscribe({ subject: { projectId: first.id } });
    await client.project.add({ path: two.path });
    await client.project.remove({ project: first.id });
    await until('the project to go', () => live.events.some(({ type }) => type === 'project.removed'));
    expect(live.events.map(({ type, subject }) => [type, subject.projectId])).toEqual([['project.removed', first.id]]);
    const replayed = await listener.subscribe({ after: client.hello.cursor, subject: { projectId: first.id } });
    await replayed.reaches(live.lastSeq);
    expect(replayed.events.map(({ type }) => type)).toEqual(['project.added', 'project.removed']);
  });

  test('ends with unsubscribe, also in the middle of a replay', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    await makeEvents(client, 20_000);
    await using listener = await Listener.to(home.socketPath);
    const received = await listener.subscribe({ after: client.hello.cursor });
    await listener.unsubscribe(received);
    const got = received.events.length;
    expect(got).toBeLessThan(20_000);
    await makeEvents(client, 2);
    const { counts } = await client.daemon.status();
    expect(counts.subscriptions).toBe(0);
    // An answer on the same connection comes after whatever was sent before it.
    await listener.peer.call('daemon.ping');
    await listener.peer.call('daemon.ping');
    expect(received.events).toHaveLength(got);
    await expect(listener.unsubscribe(received)).rejects.toMatchObject({ kind: 'NOT_FOUND', details: { entity: 'subscription' } });
  });

  test('is refused past the limit of a connection, and ends with its connection', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    const listener = await Listener.to(home.socketPath);
    const all = [];
    for (let count = 0; count < 32; count += 1) all.push(await listener.subscribe());
    await expect(listener.subscribe()).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED', details: { value: 32 } });
    await listener.unsubscribe(all[0]!);
    await listener.subscribe();
    expect((await client.daemon.status()).counts.subscriptions).toBe(32);
    await listener[Symbol.asyncDispose]();
    await until('the subscriptions to end', async () => (await client.daemon.status()).counts.subscriptions === 0);
  });
});

describe('a cursor of no use', () => {
  test('of another epoch, of the future or not a cursor at all is answered with fresh and a snapshot, or refused', async () => {
    await using daemon = await startRealDaemon({ commands: { wait: commandFile('wait', { steps: [shell('exec sleep 600')] }) } });
    await using repo = await createTestRepo();
    const { client, home } = daemon;
    const session = await daemon.start(repo.path, 'wait');
    await using listener = await Listener.to(home.socketPath);
    const { cursor } = await client.daemon.hello({ protocolVersion: 1 });
    const [epoch] = cursor.split(':');
    for (const after of ['foreign:1', `${epoch}:999999999999`]) {
      const received = await listener.subscribe({ after });
      expect(received.answer).toMatchObject({ fresh: true, snapshot: { sessions: [{ id: session.id }] } });
      expect(received.answer.cursor.split(':')[0]).toBe(epoch);
      expect(seqOf(received.answer.cursor)).toBeGreaterThanOrEqual(seqOf(cursor));
      await makeEvents(client, 2);
      await received.reaches(seqOf(received.answer.cursor) + 2);
      expect(await client.event.list({ after })).toMatchObject({ fresh: true, events: [], more: false });
    }
    for (const after of ['', 'x', '1:', `${epoch}:-1`, `${epoch}:1.5`, `${epoch}:1e3`, ':1', `${epoch}:1\n`]) {
      await expect(listener.subscribe({ after }), after).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
    }
    const initial = await listener.subscribe({ initial: true });
    expect(initial.answer).toMatchObject({ fresh: false, snapshot: { sessions: [{ id: session.id }] } });
    expect((await listener.subscribe()).answer.snapshot).toBeUndefined();
  });
});

describe('the list of events', () => {
  test('read page by page is what a subscription brings, whatever the filter and the size of a page', async () => {
    await using daemon = await startRealDaemon();
    await using repo = await createTestRepo();
    const { client, home } = daemon;
    const project = await client.project.add({ path: repo.path });
    await makeEvents(client, 3_000);
    await client.project.remove({ project: project.id });
    await using listener = await Listener.to(home.socketPath);
    const [epoch] = client.hello.cursor.split(':');
    const { cursor: end } = await client.daemon.hello({ protocolVersion: 1 });
    const filters = [
      {},
      { types: ['auth.tokenC*'] },
      { subject: { projectId: project.id } },
      { types: ['*'], subject: { projectId: project.id } },
    ];
    for (const filter of filters) {
      const received = await listener.subscribe({ after: `${epoch}:0`, ...filter });
      for (const limit of [7, 100, 200]) {
        const listed = [];
        for (let after = `${epoch}:0`, more = true; more; ) {
          const page = await client.event.list({ after, limit, ...filter });
          expect(page.events.length).toBeLessThanOrEqual(limit);
          expect(page.fresh).toBe(false);
          listed.push(...page.events);
          ({ cursor: after, more } = page);
          if (!more) expect(after).toBe(end);
        }
        await received.reaches(listed.at(-1)?.seq ?? Number.NaN);
        expect(listed).toEqual(received.events);
      }
    }
    const oldest = await client.event.list({ limit: 1 });
    expect(oldest.events[0]).toMatchObject({ seq: 1, type: 'daemon.started' });
    expect(oldest.more).toBe(true);
  });

  test('with a filter that passes over a long log does not hold up others, and can be cancelled', async () => {
    await using daemon = await startRealDaemon();
    const { client, home } = daemon;
    await makeEvents(client, 60_000);
    await using listener = await Listener.to(home.socketPath);
    await using other = await Listener.to(home.socketPath);
    const order: string[] = [];
    const slow = listener.peer.call('event.list', { types: ['session.never'] }).then(() => order.push('list'));
    const quick = other.peer.call('daemon.ping').then(() => order.push('ping'));
    await Promise.all([slow, quick]);
    expect(order).toEqual(['ping', 'list']);
    const controller = new AbortController();
    const cancelled = listener.peer.call('event.list', { types: ['session.never'] }, { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ kind: 'CANCELLED' });
  });
});
