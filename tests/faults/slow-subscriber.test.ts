import { expect, test } from 'vitest';
import { Listener, makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { rssMiB } from '../helpers/processes.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';

const growthMiB = 16;
const events = 50_000;
/** Queues would hold the events once for each; positions cost nothing. */
const subscriptions = 16;
/** Fills the page cache of the database, which then has its size. */
const warmUpEvents = 120_000;
/** A small heap, so that what is measured is what the daemon holds and not garbage that it has yet to collect. */
const env = { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=48' };

test('a subscriber that reads nothing while 50 000 events pass costs the daemon no memory, harms nobody, and misses nothing', async () => {
  await using daemon = await startRealDaemon({ env });
  const { client, home } = daemon;
  const endOfLog = async (): Promise<number> => seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);
  await makeEvents(client, warmUpEvents);
  await using good = await Listener.to(home.socketPath);
  const goodOne = await good.subscribe();
  await using slow = await Listener.to(home.socketPath);
  const slowOnes = [];
  for (let count = 0; count < subscriptions; count += 1) slowOnes.push(await slow.subscribe());
  slow.transport.pause?.();
  const before = rssMiB(daemon.pid);

  const from = await endOfLog();
  const startedAt = performance.now();
  let peak = 0;
  for (let written = 0; written < events; written += 5_000) {
    await makeEvents(client, 5_000);
    // The good one has everything as soon as it is written, however the slow one stands.
    await goodOne.reaches(from + written + 5_000);
    peak = Math.max(peak, rssMiB(daemon.pid));
  }
  const perSecond = events / ((performance.now() - startedAt) / 1000);
  const last = await endOfLog();
  expect(slowOnes.flatMap((one) => one.seqs)).toEqual([]);
  expect(peak - before).toBeLessThanOrEqual(growthMiB);

  slow.transport.resume?.();
  for (const one of slowOnes) {
    await one.reaches(last);
    expect(one.seqs).toEqual(range(from + 1, last));
    expect(one.gaps).toEqual([]);
  }
  expect(goodOne.seqs).toEqual(range(from + 1, last));
  const after = rssMiB(daemon.pid);
  if (process.env.FLOW_FIGURES) {
    const figures = [before, peak, after].map((mib) => mib.toFixed(1));
    process.stderr.write(`slow subscriber: RSS MiB before, peak, after ${figures}; ${Math.round(perSecond)} events/s\n`);
  }
}, 180_000);
