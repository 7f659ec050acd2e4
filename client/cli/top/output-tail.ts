// The output of one session as it grows, for a screen: the last lines, without what would move a cursor.
import type { Client } from '../../client.ts';
import { hasEnded } from '../follow-session.ts';
import { followLogs, LogReader, type OutputSink } from '../log-reader.ts';
import { reading } from '../reading.ts';
import { plainLine } from './plain-text.ts';

const tailBytes = 256 * 1024;
const tailLines = 2_000;

export interface TailOptions {
  readonly sessionId: string;
  readonly signal: AbortSignal;
  /** All lines that there are now. */
  show(lines: readonly string[]): void;
}

/** Resolves when the session has ended and all was shown, or with the signal. */
export async function followTail(client: Client, { sessionId, signal, show }: TailOptions): Promise<void> {
  const tail = createTail();
  const sink: OutputSink = {
    encoding: 'base64',
    take(_, { data }) {
      tail.add(Buffer.from(data, 'base64'));
      if (!signal.aborted) show(tail.lines());
    },
  };
  const session = await reading(() => client.session.get({ id: sessionId }), signal);
  const reader = new LogReader(client, sink, { sessionId, tailBytes, signal });
  await followLogs(client, reader, session);
  if (hasEnded(session) && tail.lines().length === 0) show([]);
}

export function createTail(): { add(data: Uint8Array): void; lines(): readonly string[] } {
  const decoder = new TextDecoder();
  let kept: string[] = [];
  let open = '';
  return {
    add(data) {
      const parts = (open + decoder.decode(data, { stream: true })).split('\n');
      open = (parts.pop() ?? '').slice(-tailBytes);
      kept = [...kept, ...parts.map(plainLine)].slice(-tailLines);
    },
    lines: () => (open === '' ? kept : [...kept, plainLine(open)]),
  };
}
