import type { ImplTask } from '../../../schemas/impl-task.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

export interface ImplTaskRecord extends Omit<ImplTask, 'createdAt' | 'workSessionId' | 'waitsFor'> {
  readonly createdAt: number;
}

const table = defineTable<ImplTaskRecord>({
  name: 'impl_tasks',
  fields: [
    ...(['id', 'specTaskId', 'label', 'key', 'index', 'title', 'description', 'acceptance', 'effort', 'effortSource'] as const),
    ...(['estimateHours', 'priority', 'dependencies', 'files', 'verify', 'group', 'parallel', 'agent', 'initialStatus'] as const),
    ...(['startedHint', 'story', 'requirements', 'contentHash', 'planRevision', 'drifted', 'status', 'createdAt'] as const),
  ],
  json: ['acceptance', 'dependencies', 'files', 'verify', 'requirements'],
  flags: ['parallel', 'startedHint', 'drifted'],
});

export interface ImplTaskReader {
  get(id: string): ImplTaskRecord | undefined;
  /** In plan order, obsolete ones too. */
  ofSpecTask(specTaskId: string): ImplTaskRecord[];
}

export interface ImplTaskWriter extends ImplTaskReader {
  insert(task: ImplTaskRecord): void;
  change(id: string, change: Change<ImplTaskRecord>): void;
}

export function createImplTaskReader(db: Db): ImplTaskReader {
  const { one, select } = table(db);
  return { get: one('id = ?'), ofSpecTask: select('spec_task_id = ? ORDER BY "index"') };
}

export function createImplTaskWriter(db: Db): ImplTaskWriter {
  const { insert, change } = table(db);
  return { ...createImplTaskReader(db), insert, change };
}
