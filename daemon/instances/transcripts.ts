// What was said and done in threads, as their hosts wrote it down, page by page.
import type { ResultOf } from '../../schemas/contract.ts';
import type { HostEvent } from '../agents/host/protocol.ts';
import { hostEventReader } from '../agents/host-client.ts';
import { isoTime } from '../kernel/clock.ts';
import type { ThreadRecord } from '../store/tables/instances.ts';

export interface Transcripts {
  page(thread: ThreadRecord, after: number, limit: number): ResultOf<'thread.transcript'>;
}

/** Places are remembered in the files of so many instances, those that were asked for last. */
const readersKept = 64;

export function createTranscripts(dirOf: (instanceId: string) => string): Transcripts {
  const readers = new Map<string, (since: number) => Generator<HostEvent>>();
  const readerOf = (instanceId: string) => {
    const reader = readers.get(instanceId) ?? hostEventReader(dirOf(instanceId));
    readers.delete(instanceId);
    readers.set(instanceId, reader);
    const oldest = readers.size > readersKept ? readers.keys().next().value : undefined;
    if (oldest !== undefined) readers.delete(oldest);
    return reader;
  };
  return {
    page({ id, instanceId }, after, limit) {
      const entries: ResultOf<'thread.transcript'>['entries'] = [];
      for (const { seq, at, kind, threadId, data } of readerOf(instanceId)(after)) {
        if (threadId !== id) continue;
        if (entries.length === limit) return { entries, next: entries.at(-1)?.seq ?? after, more: true };
        entries.push({ seq, at: isoTime(at), kind, data: data as unknown });
      }
      return { entries, next: entries.at(-1)?.seq ?? after, more: false };
    },
  };
}
