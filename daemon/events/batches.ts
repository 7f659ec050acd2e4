// What follows a position, as notifications bring it. Many subscribers ask the same of the newest events, so these are joined once for all.
import { oneLine } from '../../rpc/json-text.ts';
import { SharedText } from '../../rpc/shared-text.ts';
import type { Subject } from '../../schemas/event.ts';
import { limits } from '../../schemas/limits.ts';
import type { LoggedEvent } from '../store/event-log.ts';
import { compileFilter, type EventFilter, type EventPredicate } from './filter.ts';

/** What one notification brings. */
export interface Batch {
  /** One line of JSON, without the brackets; empty where nothing was asked for. */
  readonly events: SharedText;
  /** The position after it. */
  readonly through: number;
}

export interface Batches {
  /** undefined: the log has nothing there. */
  readonly firstSeq: number | undefined;
  readonly list: readonly Batch[];
  /** The log has more than this page. */
  readonly more: boolean;
}

export interface Wanted {
  readonly accepts: EventPredicate;
  readonly subject: Subject | undefined;
  /** The same for all who want the same. */
  readonly key: string;
}

export function wantedBy({ types, subject }: EventFilter): Wanted {
  return { accepts: compileFilter({ types, subject }), subject, key: JSON.stringify([types, subject]) };
}

interface PageSource {
  lastSeq(): number;
  page(afterSeq: number, limit: number, subject?: Subject): readonly LoggedEvent[];
}

/** What a notification adds around its events, roughly. */
const envelopeBytes = 256;
/** Subscribers with other filters come in between. */
const mostKept = 16;

export function createBatches(source: PageSource): { after(seq: number, wanted: Wanted): Batches; forget(): void } {
  const kept = new Map<string, Batches>();
  return {
    after(seq, wanted) {
      const key = `${seq} ${wanted.key}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const made = joinAfter(seq, wanted, source);
      if (kept.size === mostKept) kept.clear();
      kept.set(key, made);
      return made;
    },
    forget: () => kept.clear(),
  };
}

function joined(texts: readonly string[]): SharedText {
  return new SharedText(oneLine(texts.join(',')));
}

function joinAfter(seq: number, { accepts, subject }: Wanted, source: PageSource): Batches {
  const page = source.page(seq, limits.eventPageRows, subject);
  const list: Batch[] = [];
  let texts: string[] = [];
  let bytes = envelopeBytes;
  let through = seq;
  for (const event of page) {
    if (accepts(event)) {
      if (texts.length > 0 && bytes + event.text.length > limits.eventNotificationBytes) {
        list.push({ events: joined(texts), through });
        texts = [];
        bytes = envelopeBytes;
      }
      texts.push(event.text);
      bytes += event.text.length + 1;
    }
    through = event.seq;
  }
  const more = page.length === limits.eventPageRows;
  list.push({ events: joined(texts), through: more ? through : Math.max(through, source.lastSeq()) });
  return { firstSeq: page[0]?.seq, list, more };
}
