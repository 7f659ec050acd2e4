// What hundreds of terminals cost: when nothing happens in them, when a few are noisy, and when somebody watches all of them.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { watchForks } from '../helpers/fork-watch.ts';
import { createManyTerminals, type ManyTerminals } from '../helpers/many-terminals.ts';
import type { Probe } from './benchmark.ts';
import { cpuMsOf } from './cpu-of.ts';
import { connectLines, type LineClient } from './line-client.ts';
import { bounded, compared, type Row } from './rows.ts';
import { timed } from './samples.ts';

const quiet = 300;
const noisy = 30;
const settleMs = 5_000;
const idleMs = 60_000;
const pings = 1_000;
const betweenPingsMs = 10;
const watchedRounds = 8;
const watchedMs = 4_000;
/** Subscriptions of one connection. */
const aConnection = 30;

/** Prints lines at a pace until its file is there, and starts nothing for it. */
const print = 'until [ -e "$told" ]; do echo "$COPPICE_SESSION_ID $RANDOM, a line as programs print them"; read -rt "$word"; done';
const noisyPace = '0.02';
const mildPace = '0.5';

export const idleness: Probe = {
  name: 'terminals.idleness',
  priority: 'P0',
  takesMinutes: true,
  async measure() {
    await using many = await createManyTerminals({ after: print });
    await many.open(quiet);
    const idle = await idleRows(many);
    await many.open(noisy);
    const delays = await delayRow(many);
    return [...idle, delays, await watchedRow(many)];
  },
};

/** The daemon, its tmux, all that it runs below them. */
async function idleRows(many: ManyTerminals): Promise<Row[]> {
  await delay(settleMs);
  const pids = new Set(many.home.processes().map(({ pid }) => pid));
  const own = await ownPids(many);
  await using forks = await watchForks([...own, ...pids]);
  const before = (await forks.soFar()).length;
  const [whole, ofDaemon] = [cpuMsOf(pids), cpuMsOf([many.daemon.pid])];
  const tookMs = await timed(() => delay(idleMs));
  const share = (ms: number): number[] => [(100 * ms) / tookMs];
  const [usedWhole, usedByDaemon] = [cpuMsOf(pids) - whole, cpuMsOf([many.daemon.pid]) - ofDaemon];
  const forked = (await forks.soFar()).length - before;
  return [
    bounded(
      { name: `idle: ${quiet} quiet sessions, daemon + tmux, of one core`, unit: '%', failures: 0, target: { must: 2, aim: 0.3 } },
      share(usedWhole),
    ),
    bounded({ name: '… the daemon alone', unit: '%', failures: 0 }, share(usedByDaemon)),
    bounded({ name: '… processes forked meanwhile', unit: 'processes', failures: 0, target: { must: 0, aim: 0 } }, [forked]),
  ];
}

/** A ping waits for the loop, and for no longer than any other call would. */
async function delayRow(many: ManyTerminals): Promise<Row> {
  const numbers = Array.from({ length: noisy }, (_, index) => quiet + index);
  const watchers = await watch(many, numbers);
  const caller = await connectLines(many.home.socketPath);
  for (const number of numbers) many.say(number, noisyPace);
  const latencies: number[] = [];
  for (let ping = 0; ping < pings; ping += 1) {
    await delay(betweenPingsMs);
    latencies.push(await timed(() => caller.call('daemon.ping', {})));
  }
  for (const one of [caller, ...watchers]) one.close();
  for (const number of numbers) stop(many, number);
  const name = `ping, and so the delay of the event loop, ${quiet} idle + ${noisy} noisy sessions`;
  return bounded({ name, unit: 'ms', failures: 0, target: { must: 20, aim: 5 } }, latencies, 'p99');
}

/** The same output of all, beside nobody who listens; by turns. */
async function watchedRow(many: ManyTerminals): Promise<Row> {
  const numbers = Array.from({ length: quiet }, (_, index) => index);
  for (const number of numbers) many.say(number, mildPace);
  await delay(settleMs);
  const own = await ownPids(many);
  const readers = many.home.processes().filter(({ command }) => command.includes('log-pane.pl'));
  const pids = new Set([...own, ...readers.map(({ pid }) => pid)]);
  const samples = { watched: [] as number[], alone: [] as number[] };
  const alone = async (): Promise<void> => {
    const before = cpuMsOf(pids);
    await delay(watchedMs);
    samples.alone.push(cpuMsOf(pids) - before);
  };
  const watched = async (): Promise<void> => {
    const watchers = await watch(many, numbers);
    const grew = watchers.map((one) => one.next((line) => line.includes('session.outputGrew')));
    const before = cpuMsOf(pids);
    await delay(watchedMs);
    samples.watched.push(cpuMsOf(pids) - before);
    await Promise.all(grew);
    for (const one of watchers) one.close();
  };
  for (let round = 0; round < watchedRounds; round += 1) {
    for (const turn of round % 2 === 0 ? [alone, watched] : [watched, alone]) await turn();
  }
  const spec = { name: `CPU, watching the output of ${quiet} terminals`, raw: 'nobody listening', unit: 'ms', failures: 0 } as const;
  return compared({ ...spec, kind: 'time', target: { must: 1.3, aim: 1.1 } }, samples.watched, samples.alone);
}

/** As many at a time as one connection may. */
async function watch(many: ManyTerminals, numbers: readonly number[]): Promise<LineClient[]> {
  const clients: LineClient[] = [];
  for (let from = 0; from < numbers.length; from += aConnection) {
    const client = await connectLines(many.home.socketPath);
    clients.push(client);
    for (const number of numbers.slice(from, from + aConnection)) {
      await client.call('event.subscribe', { subject: { sessionId: many.ids[number] }, output: true });
    }
  }
  return clients;
}

function stop(many: ManyTerminals, number: number): void {
  writeFileSync(many.fileOf(number), '');
}

/** The daemon, its tmux servers, and the clients between them. */
async function ownPids({ daemon, home }: ManyTerminals): Promise<number[]> {
  const list = ['list-clients', '-F', '#{pid} #{client_pid}'];
  const lists = await Promise.all(
    home.tmuxSocketPaths().map(async (socket) => (await promisify(execFile)('tmux', ['-N', '-S', socket, ...list])).stdout),
  );
  return [daemon.pid, ...lists.flatMap((text) => text.trim().split(/\s+/).map(Number))];
}
