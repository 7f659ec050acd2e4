import type { Attention, AttentionKind } from '../../../schemas/attention.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

export interface AttentionRecord extends Omit<Attention, 'raisedAt' | 'clearedAt'> {
  readonly raisedAt: number;
  readonly clearedAt?: number;
}

export interface AttentionFilter {
  readonly status: Attention['status'];
  readonly projectId?: string | undefined;
  readonly specTaskId?: string | undefined;
}

const table = defineTable<AttentionRecord>({
  name: 'attention',
  fields: [
    ...(['id', 'kind', 'status', 'title', 'detail', 'remedy', 'projectId', 'specTaskId', 'workSessionId', 'sessionId'] as const),
    ...(['refId', 'raisedAt', 'clearedAt', 'clearedBy'] as const),
  ],
});

export interface AttentionReader {
  get(id: string): AttentionRecord | undefined;
  /** The open one of a kind about a thing. */
  openOf(kind: AttentionKind, refId: string): AttentionRecord | undefined;
  openAbout(refId: string): AttentionRecord[];
  openOfSpecTask(specTaskId: string): AttentionRecord[];
  /** Newest first, before the id `cursor`. */
  list(filter: AttentionFilter, cursor: string, limit: number): AttentionRecord[];
}

export interface AttentionWriter extends AttentionReader {
  insert(attention: AttentionRecord): void;
  change(id: string, change: Change<AttentionRecord>): void;
}

export function createAttentionReader(db: Db): AttentionReader {
  const { one, select, page } = table(db);
  return {
    get: one('id = ?'),
    openOf: one("kind = ? AND ref_id = ? AND status = 'open'"),
    openAbout: select("ref_id = ? AND status = 'open' ORDER BY id"),
    openOfSpecTask: select("spec_task_id = ? AND status = 'open' ORDER BY id"),
    list: ({ status, projectId, specTaskId }, cursor, limit) =>
      page(
        [
          ['status = ?', status],
          ...(projectId === undefined ? [] : [['project_id = ?', projectId] as const]),
          ...(specTaskId === undefined ? [] : [['spec_task_id = ?', specTaskId] as const]),
        ],
        cursor,
        limit,
      ),
  };
}

export function createAttentionWriter(db: Db): AttentionWriter {
  const { insert, change } = table(db);
  return { ...createAttentionReader(db), insert, change };
}
