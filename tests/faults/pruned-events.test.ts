// The log is pruned under clients that have not read it yet: each is told exactly what it can not have any more, and gets the rest.
import { expect, test } from 'vitest';
import type { StreamItem } from '../../client/index.ts';
import { Listener, makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

test('events that are pruned under one that stands still and one that resumes are told as a gap, and nothing else is missing', async () => {
  await using daemon = await startRealDaemon({ config: '[events]\nkeep_rows = 1000\n' });
  const { client, home } = daemon;
  const from = client.hello.cursor;
  await using slow = await Listener.to(home.socketPath);
  const standing = await slow.subscribe({ after: from });
  slow.transport.pause?.();
  await makeEvents(client, 12_000);
  await client.daemon.dbVacuum({});
  const firstLeft = (await client.event.list({ limit: 1 })).events[0]?.seq as number;
  expect(firstLeft).toBeGreaterThan(10_000);

  const items: StreamItem[] = [];
  const leave = new AbortController();
  const following = (async () => {
    for await (const item of client.events({ after: from, signal: leave.signal })) items.push(item);
  })();
  await makeEvents(client, 10);
  slow.transport.resume?.();
  const last = seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);
  await until('both to have the end', () => standing.seqs.at(-1) === last && items.some((item) => 'seq' in item && item.seq === last));
  leave.abort();
  await following;

  const begin = seqOf(from) + 1;
  expect(items[0]).toMatchObject({ type: 'stream.gap', from: begin, to: firstLeft - 1, reason: 'pruned' });
  expect(items.flatMap((item) => ('seq' in item && item.seq !== undefined ? [item.seq] : []))).toEqual(range(firstLeft, last));
  // It has what was on its way already; what lies between that and what is left is the gap, and is told once.
  const had = standing.seqs.filter((seq) => seq < firstLeft);
  expect(had).toEqual(range(begin, begin + had.length - 1));
  expect(standing.gaps).toEqual([{ from: begin + had.length, to: firstLeft - 1, reason: 'pruned' }]);
  expect(standing.seqs.slice(had.length)).toEqual(range(firstLeft, last));
});
