// The log is pruned under clients that have not read it yet: each is told exactly what it can not have any more, and gets the rest.
import { expect, test } from 'vitest';
import type { StreamItem } from '../../client/index.ts';
import { Listener, makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

test('events that are pruned under one that stands still and one that resumes are told, and nothing else is missing', async () => {
  await using daemon = await startRealDaemon({ config: '[events]\nkeep_rows = 1000\n' });
  const { client, home } = daemon;
  const from = client.hello.cursor;
  await using slow = await Listener.to(home.socketPath);
  const standing = await slow.subscribe({ after: from });
  slow.transport.pause?.();
  await makeEvents(client, 30_000);
  await client.daemon.dbVacuum({});
  const firstLeft = (await client.event.list({ limit: 1 })).events[0]?.seq as number;
  expect(firstLeft).toBeGreaterThan(29_000);
  const pruned = seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);

  const items: StreamItem[] = [];
  const leave = new AbortController();
  const following = (async () => {
    for await (const item of client.events({ after: from, signal: leave.signal })) items.push(item);
  })();
  await until('the answer to who resumes', () => items.length > 0);
  await makeEvents(client, 10);
  slow.transport.resume?.();
  const last = seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);
  const hasEnd = (): boolean => items.some((item) => 'seq' in item && item.seq === last);
  await until('both to have the end', () => standing.seqs.at(-1) === last && hasEnd());
  leave.abort();
  await following;

  const begin = seqOf(from) + 1;
  // Who comes with a position that is gone begins anew, with how things are now.
  expect(items[0]).toMatchObject({ type: 'stream.fresh', sessions: [] });
  expect(seqOf(items[0]?.cursor ?? '')).toBeGreaterThanOrEqual(pruned);
  const seqs = items.flatMap((item) => ('seq' in item && item.seq !== undefined ? [item.seq] : []));
  expect(seqs).toEqual(range(seqOf(items[0]?.cursor ?? '') + 1, last));
  // It has what was on its way already; what lies between that and what is left is the gap, and is told once.
  const had = standing.seqs.filter((seq) => seq < firstLeft);
  expect(had).toEqual(range(begin, begin + had.length - 1));
  expect(standing.gaps).toEqual([{ from: begin + had.length, to: firstLeft - 1, reason: 'pruned' }]);
  expect(standing.seqs.slice(had.length)).toEqual(range(firstLeft, last));
});
