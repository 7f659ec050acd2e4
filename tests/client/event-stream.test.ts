import { describe, expect, test } from 'vitest';
import { connect, type StreamItem } from '../../client/index.ts';
import { until } from '../helpers/until.ts';
import { FakeDaemon } from './helpers/fake-daemon.ts';

const seqsOf = (items: readonly StreamItem[]) =>
  items.map((item) => ('seq' in item ? item.seq : undefined)).filter((seq) => seq !== undefined);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function take(stream: AsyncIterator<StreamItem>, until: (items: readonly StreamItem[]) => boolean): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  while (!until(items)) {
    const next = await stream.next();
    if (next.done) break;
    items.push(next.value);
  }
  return items;
}

describe('a stream of events', () => {
  test('replays after a cursor, then goes on live', async () => {
    await using daemon = await FakeDaemon.started();
    for (let index = 0; index < 120; index += 1) daemon.emit('session.dataSet', { key: 'n', value: index });
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ after: 'e1:5' });
    const replayed = await take(stream, (items) => items.length === 115);
    daemon.emit('session.dataSet', { key: 'n', value: 'live' });
    const live = await take(stream, (items) => items.length === 1);
    expect(seqsOf([...replayed, ...live])).toEqual(range(6, 121));
    expect(live[0]).toMatchObject({ type: 'session.dataSet', cursor: 'e1:121', data: { key: 'n', value: 'live' } });
  });

  test('resumes through restarts of the daemon without gap or duplicate', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ after: daemon.cursor });
    const seen: StreamItem[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 70; index += 1) daemon.emit('session.dataSet', { key: 'n', value: index });
      // Leaves in the middle of what was sent, so the rest is in the buffer or was never read.
      seen.push(...(await take(stream, (items) => seqsOf(items).length === 33)));
      await daemon.stop();
      daemon.emit('session.dataSet', { key: 'n', value: 'while away' });
      await daemon.start();
    }
    const total = daemon.log.length;
    seen.push(...(await take(stream, (items) => items.some((item) => 'seq' in item && item.seq === total))));
    expect(seqsOf(seen)).toEqual(range(1, total));
    expect(seen.some((item) => item.type === 'stream.resumed')).toBe(true);
  });

  test('tells at once that its connection broke, and that it is back', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    let away = 0;
    const onAway = (): void => {
      away += 1;
    };
    const stream = client.events({ after: daemon.cursor, onAway });
    const next = stream.next();
    await daemon.until(() => daemon.subscriptions().length === 1);
    expect(away).toBe(0);
    await daemon.stop();
    await until('the stream to tell that it is away', () => away === 1);
    await daemon.start();
    expect(await next).toMatchObject({ value: { type: 'stream.resumed' } });
    expect(away).toBe(1);
  });

  test('drops what a daemon sends twice', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ after: 'e1:0' });
    const first = stream.next();
    await daemon.until(() => daemon.subscriptions().length === 1);
    daemon.emit('session.dataSet', { key: 'n', value: 1 });
    await first;
    const again = daemon.log.slice(0, 1);
    daemon.subscriptions()[0]?.notify('event', { cursor: 'e1:1', events: again });
    daemon.emit('session.dataSet', { key: 'n', value: 2 });
    expect(await stream.next()).toMatchObject({ value: { seq: 2 } });
  });

  test('tells with a marker that its position is of no use, and goes on from the new one', async () => {
    await using daemon = await FakeDaemon.started();
    daemon.emit('session.dataSet', { key: 'n', value: 1 });
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ after: 'other:77', initial: true });
    const fresh = await stream.next();
    expect(fresh.value).toEqual({ type: 'stream.fresh', cursor: 'e1:1', sessions: [] });
    daemon.emit('session.dataSet', { key: 'n', value: 2 });
    expect(await stream.next()).toMatchObject({ value: { seq: 2, cursor: 'e1:2' } });
  });

  test('begins with a snapshot when asked', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ initial: true });
    expect(await stream.next()).toMatchObject({ value: { type: 'stream.snapshot', cursor: 'e1:0', sessions: [] } });
  });

  test('passes a gap on and resumes after it', async () => {
    await using daemon = await FakeDaemon.started();
    for (let index = 0; index < 9; index += 1) daemon.emit('session.dataSet', { key: 'n', value: index });
    await using client = await connect({ env: daemon.env });
    const stream = client.events();
    const next = stream.next();
    await daemon.until(() => daemon.subscriptions().length === 1);
    daemon.subscriptions()[0]?.notify('event.gap', { from: 10, to: 20, reason: 'pruned' });
    expect(await next).toMatchObject({ value: { type: 'stream.gap', from: 10, to: 20, reason: 'pruned', cursor: 'e1:20' } });
  });

  test('stops reading while its consumer is slow, and loses nothing', async () => {
    await using daemon = await FakeDaemon.started();
    const filler = 'x'.repeat(2_000);
    const total = 20_000;
    for (let index = 0; index < total; index += 1) daemon.emit('session.dataSet', { key: 'n', value: filler });
    await using client = await connect({ env: daemon.env });
    const stream = client.events({ after: 'e1:0' });
    await stream.next();
    // A read on the other connection comes back although the stream is not read.
    for (let index = 0; index < 200; index += 1) await client.daemon.ping();
    const sent = daemon.subscriptions()[0]?.position ?? 0;
    expect(sent).toBeLessThan(total / 2);
    const rest = await take(stream, (items) => items.length === total - 1);
    expect(seqsOf(rest)).toEqual(range(2, total));
  });

  test('ends without an error when its signal fires, and gives its connection back', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    const leave = new AbortController();
    const next = client.events({ signal: leave.signal }).next();
    await daemon.until(() => daemon.connections === 2);
    leave.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await daemon.until(() => daemon.connections === 1);
  });

  test('gives its connection back when the consumer breaks out of the loop', async () => {
    await using daemon = await FakeDaemon.started();
    daemon.emit('session.dataSet', { key: 'n', value: 1 });
    await using client = await connect({ env: daemon.env });
    for await (const event of client.events({ after: 'e1:0' })) {
      expect(event).toMatchObject({ seq: 1 });
      break;
    }
    await daemon.until(() => daemon.connections === 1);
  });

  test('ends when the client is closed', async () => {
    await using daemon = await FakeDaemon.started();
    const client = await connect({ env: daemon.env });
    const next = client.events().next();
    await daemon.until(() => daemon.subscriptions().length === 1);
    await client.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('fails with NOT_CONNECTED when the daemon stays away', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env, reconnectMs: 50 });
    const next = client.events().next();
    await daemon.until(() => daemon.subscriptions().length === 1);
    await daemon.stop();
    await expect(next).rejects.toMatchObject({ name: 'RpcClientError', code: 'NOT_CONNECTED' });
  });

  test('fails at once when the filter is refused', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    await expect(client.events({ types: ['not a glob!'] }).next()).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  });
});
