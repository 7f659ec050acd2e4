// What waits for a human. Raised and cleared in the transaction of the fact that it is about.

import type { Attention, AttentionKind } from '../../schemas/attention.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Subject } from '../../schemas/event.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { AttentionFilter, AttentionRecord } from '../store/tables/attention.ts';
import { afterAllIds, pageOf, present } from '../store/tables/rows.ts';
import { attentionView } from './view.ts';

export interface RaiseAttention {
  readonly kind: AttentionKind;
  /** What it is about; an open one of the same kind about it is not raised again. */
  readonly refId: string;
  readonly title: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly projectId?: string | undefined;
  readonly specTaskId?: string | undefined;
  readonly workSessionId?: string | undefined;
  readonly sessionId?: string | undefined;
}

export interface AttentionService {
  raise(w: Writer, wanted: RaiseAttention): void;
  /** Clears all that is open about a thing, or one kind of it. */
  settleAbout(w: Writer, refId: string, by: string, kind?: AttentionKind): void;
  list(filter: AttentionFilter, cursor: string | undefined, limit: number): { attention: Attention[]; nextCursor?: string };
  get(id: string): Attention;
  clear(id: string, origin: Origin): Promise<Attention>;
}

export function createAttentionService({ store, clock, ids }: { store: Store; clock: Clock; ids: Ids }): AttentionService {
  const close = (w: Writer, record: AttentionRecord, by: string): AttentionRecord => {
    if (record.status === 'cleared') return record;
    w.attention.change(record.id, { status: 'cleared', clearedAt: clock.now(), clearedBy: by });
    const data = { attentionId: record.id, kind: record.kind, by };
    w.events.append({ type: 'attention.cleared', subject: subjectOf(record), actor: by, data });
    return w.attention.get(record.id) ?? record;
  };
  const find = (id: string): AttentionRecord => {
    const found = store.read((r) => r.attention.get(id));
    if (found) return found;
    throw new Failure('NOT_FOUND', `There is no attention "${id}"; "coppice attention" lists what waits.`, {
      details: { entity: 'attention', id },
    });
  };
  return {
    raise(w, { kind, refId, ...more }) {
      if (w.attention.openOf(kind, refId)) return;
      const record: AttentionRecord = { id: ids.next('att'), kind, refId, status: 'open', raisedAt: clock.now(), ...present(more) };
      w.attention.insert(record);
      const data = { attentionId: record.id, kind, title: record.title };
      w.events.append({ type: 'attention.raised', subject: subjectOf(record), actor: byDaemon.actor, data });
    },
    settleAbout(w, refId, by, kind) {
      for (const record of w.attention.openAbout(refId)) if (kind === undefined || record.kind === kind) close(w, record, by);
    },
    list: (filter, cursor, limit) => {
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.attention.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { attention: rows.map(attentionView), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    get: (id) => attentionView(find(id)),
    clear: (id, origin) => {
      const found = find(id);
      return store.write((w) => settle(w, origin.receipt, attentionView(close(w, w.attention.get(id) ?? found, origin.actor))));
    },
  };
}

function subjectOf({ projectId, specTaskId, workSessionId, sessionId }: AttentionRecord): Subject {
  return present({ projectId, specTaskId, workSessionId, sessionId });
}
