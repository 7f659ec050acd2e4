// Everything at once for some minutes, at random from one seed, and then a look at what is left.
import { setup } from '../helpers/build.ts';
import { until } from '../helpers/until.ts';
import { actors, once } from './actors.ts';
import { grown, heldBy, type Sample, sampleOf, slopeOf } from './figures.ts';
import { type Counted, counted, type Ground, openGround } from './ground.ts';
import { openInspector } from './inspector.ts';
import { leftovers } from './leftovers.ts';

export interface SoakReport {
  readonly seed: number;
  readonly minutes: number;
  readonly tally: Readonly<Record<Counted, number>>;
  readonly rssMiB: { readonly start: number; readonly end: number; readonly slopePerMinute: number };
  /** Without garbage, at the end of the warm-up and of the run. */
  readonly heapMiB: { readonly start: number; readonly end: number };
  readonly fds: { readonly start: number; readonly end: number };
  /** All that should not be. */
  readonly problems: readonly string[];
}

/** Caches fill, code is compiled and the heap finds its size: growth counts from here. */
const warmUpShare = 0.4;
const sampleMs = 1_000;
const bytesPerMiB = 1024 * 1024;
/** What the log keeps of late events, and rows of statements: bounded, but not yet full after the warm-up of a short run. */
const heapSlackMiB = 8;
/** What the process may grow after the warm-up in all, however long the run: the heap breathes. */
const rssSlackMiB = 40;
const calmMs = 90_000;

export async function runSoak({ minutes, seed }: { minutes: number; seed: number }): Promise<SoakReport> {
  setup();
  const stop = new AbortController();
  await using ground = await openGround(seed, stop.signal);
  const { daemon, client } = ground;
  // The daemon holds something for it from now on.
  const inspector = await openInspector(daemon.pid);
  await once(ground);
  await untilNothingIsLeft(ground);
  const atRest = await heldBy(daemon.pid, client);
  const began = performance.now();
  const samples: Sample[] = [sampleOf(daemon.pid, began)];
  const sampling = setInterval(() => samples.push(sampleOf(daemon.pid, began)), sampleMs);
  const failures: unknown[] = [];
  const acting = actors.map((act) =>
    act(ground).catch((error: unknown) => {
      failures.push(error);
      stop.abort();
    }),
  );
  const totalMs = minutes * 60_000;
  await waitFor(totalMs * warmUpShare, stop.signal);
  const heapAtFirst = await inspector.liveHeapBytes();
  await waitFor(totalMs - (performance.now() - began), stop.signal);
  stop.abort();
  await Promise.all(acting);
  const heapAtLast = await inspector.liveHeapBytes();
  clearInterval(sampling);
  const problems = failures.map((error) => `an actor failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  problems.push(...(await endAll(ground)));
  let atLast = await heldBy(daemon.pid, client);
  await until(
    'the daemon to let go',
    async () => {
      atLast = await heldBy(daemon.pid, client);
      return grown(atRest, atLast).length === 0;
    },
    calmMs,
  ).catch(() => problems.push(...grown(atRest, atLast).map((what) => `still held: ${what}`)));
  // A process does not end while somebody looks into it.
  await inspector[Symbol.asyncDispose]();
  const late = samples.filter(({ atMs }) => atMs > totalMs * warmUpShare);
  const slopePerMinute = slopeOf(late);
  const heapMiB = { start: heapAtFirst / bytesPerMiB, end: heapAtLast / bytesPerMiB };
  const grewMiB = slopePerMinute * minutes * (1 - warmUpShare);
  if (grewMiB > rssSlackMiB) problems.push(`the daemon grew by ${grewMiB.toFixed(1)} MiB after the warm-up`);
  if (heapMiB.end - heapMiB.start > heapSlackMiB) {
    problems.push(`without garbage its heap grew from ${heapMiB.start.toFixed(1)} to ${heapMiB.end.toFixed(1)} MiB`);
  }
  const bug = /^\{"level":"(error|fatal)".*$|^.*by a bug.*$/m.exec(daemon.home.log());
  if (bug !== null) problems.push(`the daemon logged: ${bug[0]}`);
  const { exitCode, signal, stderr } = await daemon.stop();
  if (exitCode !== 0) problems.push(`the daemon ended with ${exitCode ?? signal}`);
  if (/Warning/.test(stderr)) problems.push(`the daemon was warned: ${stderr}`);
  return {
    ...{ seed, minutes, tally: ground.tally, heapMiB, problems },
    rssMiB: { start: samples[0]?.rssMiB ?? 0, end: samples.at(-1)?.rssMiB ?? 0, slopePerMinute },
    fds: { start: atRest.fds, end: atLast.fds },
  };
}

export function reportText({ seed, minutes, tally, rssMiB, heapMiB, fds, problems }: SoakReport): string {
  const mib = (number: number): string => number.toFixed(1);
  return [
    `soak of ${minutes} minutes, seed ${seed}: ${counted.map((name) => `${tally[name]} ${name}`).join(', ')}`,
    `RSS ${mib(rssMiB.start)} -> ${mib(rssMiB.end)} MiB, ${mib(rssMiB.slopePerMinute)} MiB a minute after the warm-up; heap without garbage ${mib(heapMiB.start)} -> ${mib(heapMiB.end)} MiB; fds ${fds.start} -> ${fds.end}`,
    ...problems.map((problem) => `PROBLEM ${problem}`),
  ].join('\n');
}

/** Ends what the actors left: sessions that keep something, worktrees with work; then looks. */
async function endAll(ground: Ground): Promise<string[]> {
  const { client, project, daemon } = ground;
  try {
    await until('all sessions to end', async () => (await client.session.list({ status: ['active'] })).sessions.length === 0, calmMs);
    for (const { id } of (await client.worktree.list({ project, limit: 200 })).worktrees)
      await client.worktree.remove({ worktree: id, force: true });
  } catch (error) {
    return [`not everything could be ended: ${error instanceof Error ? `${error.message} ${error.cause ?? ''}` : String(error)}`];
  }
  const left = await untilNothingIsLeft(ground);
  ground.tally.events += Number((await daemon.client.daemon.status()).cursor.split(':')[1]);
  return left;
}

/** What is left when it has had its time. */
async function untilNothingIsLeft(ground: Ground): Promise<string[]> {
  let left: string[] = [];
  await until(
    'nothing to be left',
    async () => {
      left = await leftovers(ground);
      return left.length === 0;
    },
    calmMs,
  ).catch((error: unknown) => left.length === 0 && left.push(String(error)));
  return left;
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
