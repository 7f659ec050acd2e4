// Messages of which many connections get the same part.
import { expect, test } from 'vitest';
import type { Peer } from '../../rpc/peer.ts';
import { SharedText } from '../../rpc/shared-text.ts';
import { createStand, type StandKind, standKinds } from '../helpers/rpc-ends.ts';
import type { TestContext } from '../helpers/rpc-table.ts';

/** Some are one piece with what is around them, the others are sent beside it. */
const parts = [
  { what: 'nothing', text: '' },
  { what: 'a short text', text: '1,"é💥"' },
  { what: 'a long text', text: `"${'x'.repeat(100_000)}"` },
  { what: 'a long text of several bytes a letter', text: `"${'é\u2028💥'.repeat(20_000)}"` },
];
const cases = standKinds.flatMap((kind) => parts.map((part) => ({ kind, ...part })));

async function twoEnds(kind: StandKind) {
  const peers: Peer<TestContext>[] = [];
  const stand = await createStand(kind, { onPeer: (peer) => peers.push(peer) });
  const ends = [await stand.connect(), await stand.connect()];
  for (const end of ends) {
    // What a client says first tells how it wants to be spoken to.
    end.send('{"jsonrpc":"2.0","method":"get_data","id":1}');
    await end.next();
  }
  return { stand, peers, ends };
}

function note(seq: number, ...list: unknown[]): { jsonrpc: string; method: string; params: object } {
  return { jsonrpc: '2.0', method: 'event', params: { seq, list } };
}

test.each(cases)('$what arrives whole and in its place: $kind', async ({ kind, text }) => {
  const { stand, peers, ends } = await twoEnds(kind);
  await using _stand = stand;
  const shared = new SharedText(text);
  for (const [at, peer] of peers.entries()) {
    peer.notifyText(JSON.stringify(note(1)));
    peer.notifyAround(`{"jsonrpc":"2.0","method":"event","params":{"seq":${at + 2},"list":[`, shared, ']}}');
    peer.notifyAround('{"jsonrpc":"2.0","method":"event","params":{"seq":9,"list":[', shared, ']}}');
    peer.notifyText(JSON.stringify(note(10)));
  }
  const list = JSON.parse(`[${text}]`) as unknown[];
  for (const [at, end] of ends.entries()) {
    const came = [await end.next(), await end.next(), await end.next(), await end.next()];
    expect(came).toEqual([note(1), note(at + 2, ...list), note(9, ...list), note(10)]);
  }
});

test('what waits is counted, and a connection that is closed gets nothing more', async () => {
  const { stand, peers, ends } = await twoEnds('unix lines');
  await using _stand = stand;
  const shared = new SharedText(`"${'x'.repeat(100_000)}"`);
  const [peer] = peers;
  peer?.notifyAround('{"jsonrpc":"2.0","method":"event","params":{"list":[', shared, ']}}');
  expect(peer?.unsentBytes).toBeGreaterThan(100_000);
  peer?.close();
  peer?.notifyAround('{"jsonrpc":"2.0","method":"event","params":{"list":[', shared, ']}}');
  // What was sent before still leaves.
  expect(await ends[0]?.next()).toMatchObject({ method: 'event' });
  await ends[0]?.closed;
  expect(ends[0]?.unread()).toBe(0);
});
