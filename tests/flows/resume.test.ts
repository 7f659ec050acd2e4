import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { packageRoot } from '../helpers/package-root.ts';
import { isAlive, rssMiB } from '../helpers/processes.ts';
import { type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

const stoppedMs = 10_000;
const program = join(packageRoot, 'tests', 'fixtures', 'programs', 'follow-events.mjs');

interface Follower extends AsyncDisposable {
  readonly pid: number;
  lines(): string[];
  seqs(): number[];
  reaches(seq: number): Promise<unknown>;
}

/** A client in a process of its own, which can be stopped and goes on afterwards. */
function follow(home: Home, after: string): Follower {
  const file = home.path('seqs.txt');
  const child = spawn(process.execPath, [program, after, file], { env: home.env(), stdio: ['ignore', 'inherit', 'inherit'] });
  const pid = child.pid as number;
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  const seqs = (): number[] => lines().map(Number).filter(Number.isInteger);
  return {
    pid,
    lines,
    seqs,
    reaches: (seq) =>
      until(`the follower to write ${seq}`, () => {
        if (!isAlive(pid)) throw new Error('the follower has ended');
        return seqs().at(-1) === seq;
      }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(pid, 'SIGCONT');
        process.kill(pid, 'SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    },
  };
}

test('a client misses nothing and gets nothing twice through 10 000 events, three restarts and ten seconds of standing still', async () => {
  await using daemon = await startRealDaemon();
  const { client, home } = daemon;
  const { cursor } = await client.daemon.hello({ protocolVersion: 1 });
  const first = seqOf(cursor);
  const lastSeq = async (): Promise<number> => seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);
  await using follower = follow(home, cursor);
  /** Ends the daemon in the middle of writing: calls in flight fail, and what they did is either in the log or never was. */
  const endWhileWriting = async (end: () => Promise<unknown>): Promise<void> => {
    const begun = await lastSeq();
    const interrupted = makeEvents(client, 4_000).catch(() => 'interrupted');
    await until('many events', async () => (await lastSeq()) > begun + 1_000);
    await end();
    expect(await interrupted).toBe('interrupted');
    await daemon.again();
    await follower.reaches(await lastSeq());
  };
  await makeEvents(client, 2);
  await until('the follower to be there', () => follower.seqs().length === 2);
  const rssBefore = rssMiB(daemon.pid);
  await endWhileWriting(() => daemon.stop());
  await endWhileWriting(() => daemon.kill('SIGKILL'));

  process.kill(follower.pid, 'SIGSTOP');
  const upAgain = delay(stoppedMs);
  await makeEvents(client, 4_000);
  const seenWhileStopped = follower.seqs().length;
  await upAgain;
  const rssWhileStopped = rssMiB(daemon.pid);
  process.kill(follower.pid, 'SIGCONT');

  await endWhileWriting(() => daemon.stop());
  await makeEvents(client, Math.max(0, first + 10_000 - (await lastSeq())) + 2);
  const last = await lastSeq();
  await follower.reaches(last);
  const rssAfter = rssMiB(daemon.pid);

  expect(last - first).toBeGreaterThanOrEqual(10_000);
  expect(seenWhileStopped).toBeLessThan(last - first);
  expect(follower.seqs()).toEqual(range(first + 1, last));
  expect(follower.lines().filter((line) => line === 'stream.resumed')).toHaveLength(3);
  expect(follower.lines()).not.toContain('stream.fresh');
  expect(rssWhileStopped - rssBefore).toBeLessThan(64);
  expect(rssAfter - rssBefore).toBeLessThan(64);
  if (process.env.FLOW_FIGURES) {
    process.stderr.write(`resume: ${last - first} events, RSS MiB ${[rssBefore, rssWhileStopped, rssAfter].map(Math.round)}\n`);
  }
}, 120_000);
