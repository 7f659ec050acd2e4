// Round trips beside peers: our client library and daemon, which reads a session from the store, in turn with servers that answer what they
// kept, or less. No targets: peers are no limit.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../client/index.ts';
import type { Probe } from './benchmark.ts';
import { type Peer, peers, pumpCalls } from './peers.ts';
import { place } from './placement.ts';
import { compared, type Row } from './rows.ts';
import { inTurn, leastRounds, type Turn, timed } from './samples.ts';

const answerMs = 60_000;
const shapes = [
  { window: 1, calls: 200 },
  { window: 64, calls: 3_200 },
] as const;

export const besidePeers: Probe = {
  name: 'peers',
  priority: 'P1',
  takesMinutes: true,
  async measure(ground) {
    const { daemon, sessionId } = ground;
    const client = await connect({ socketPath: daemon.socketPath, env: daemon.env, clientName: 'bench' });
    const open = new Map<string, Peer>();
    let putBack = (): void => {};
    try {
      for (const { name, open: openPeer } of peers) {
        const peer = await openPeer(ground);
        if (peer) open.set(name, peer);
      }
      putBack = place('apart', [daemon.pid, ...[...open.values()].flatMap(({ pids }) => pids)]);
      const ours = (count: number, window: number) => pumpCalls(() => client.session.get({ id: sessionId }), count, window);
      const rows: Row[] = [];
      for (const { window, calls } of shapes) {
        const turn = (pump: Peer['pump']): Turn => ({
          sample: async () => ((await timed(() => inTime(pump(calls, window)))) * 1_000) / calls,
        });
        const here = peers.filter(({ name, oneAtATime = false }) => open.has(name) && (window === 1 || !oneAtATime));
        const turns = { ours: turn(ours), ...Object.fromEntries(here.map(({ name }) => [name, turn((open.get(name) as Peer).pump)])) };
        const { samples, failures } = await inTurn<string>(turns, leastRounds);
        const spec = { unit: 'µs', kind: 'speed', failures } as const;
        for (const { name, asked } of here)
          rows.push(
            compared({ ...spec, name: `session.get 1×${window} beside ${name}`, raw: asked }, samples.ours ?? [], samples[name] ?? []),
          );
      }
      return rows;
    } finally {
      putBack();
      for (const peer of open.values()) await peer.close();
      await client.close();
    }
  },
};

/** A peer that stops answering must not hold the others. */
async function inTime(work: Promise<void>): Promise<void> {
  const late = new AbortController();
  const tooLate = delay(answerMs, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`there was no answer within ${answerMs / 1_000} s`)),
    () => undefined,
  );
  await Promise.race([work, tooLate]);
  late.abort();
}
