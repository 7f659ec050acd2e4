import type { SpecTask, SpecTaskStatus } from '../../../schemas/spec-task.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

type Times = 'createdAt' | 'startedAt' | 'approvedAt' | 'endedAt' | 'archivedAt';

export interface SpecTaskRecord extends Omit<SpecTask, Times> {
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly approvedAt?: number;
  readonly endedAt?: number;
  readonly archivedAt?: number;
  /** Where a retry goes on. */
  readonly failedFrom?: SpecTaskStatus;
  readonly integrationWorktreeId?: string;
  /** Turns that ended without a plan that parses. */
  readonly planningAttempts: number;
}

export interface SpecTaskFilter {
  readonly projectId?: string | undefined;
  readonly statuses?: readonly SpecTaskStatus[] | undefined;
  readonly archived: boolean;
}

const table = defineTable<SpecTaskRecord>({
  name: 'spec_tasks',
  fields: [
    ...([
      'id',
      'number',
      'projectId',
      'name',
      'prompt',
      'type',
      'priority',
      'status',
      'failedFrom',
      'revision',
      'approvedRevision',
    ] as const),
    ...(['baseBranch', 'integrationBranch', 'integrationWorktreeId', 'branchPrefix', 'dependsOn', 'labels', 'estimatedHours'] as const),
    ...(['skipPlanning', 'planningAgent', 'implementationAgents', 'adapter', 'planningSessionId', 'planningAttempts'] as const),
    ...(['workspaceConfig', 'source', 'template', 'failPolicy', 'approvalsRequired', 'landing', 'implementation', 'createdBy'] as const),
    ...([
      'createdAt',
      'startedAt',
      'approvedAt',
      'endedAt',
      'archivedAt',
      'lastError',
      'landedCommit',
      'pullRequestUrl',
      'version',
    ] as const),
  ],
  json: ['dependsOn', 'labels', 'implementationAgents', 'workspaceConfig', 'source', 'implementation'],
  flags: ['skipPlanning'],
});

export interface SpecTaskReader {
  get(id: string): SpecTaskRecord | undefined;
  byNumber(projectId: string, number: number): SpecTaskRecord | undefined;
  nextNumber(projectId: string): number;
  /** Newest first, before the id `cursor`. */
  list(filter: SpecTaskFilter, cursor: string, limit: number): SpecTaskRecord[];
  /** Neither done nor cancelled, oldest first. */
  live(): SpecTaskRecord[];
  inStatus(status: SpecTaskStatus): SpecTaskRecord[];
}

export interface SpecTaskWriter extends SpecTaskReader {
  insert(task: SpecTaskRecord): void;
  /** Counts the version up. */
  change(id: string, change: Change<SpecTaskRecord>): void;
}

export function createSpecTaskReader(db: Db): SpecTaskReader {
  const { one, select, page } = table(db);
  const live = select(
    "status IN ('backlog', 'queued_spec_generation', 'spec_generation', 'spec_review', 'spec_revision', 'spec_approved', 'queued_implementation', 'implementation', 'implementation_review', 'spec_failed', 'implementation_failed') ORDER BY id",
  );
  const next = db.prepare<[string], number>('SELECT coalesce(max(number), 0) + 1 FROM spec_tasks WHERE project_id = ?').pluck();
  return {
    get: one('id = ?'),
    byNumber: one('project_id = ? AND number = ?'),
    nextNumber: (projectId) => next.get(projectId) as number,
    list: ({ projectId, statuses, archived }, cursor, limit) =>
      page(
        [
          ...(projectId === undefined ? [] : [['project_id = ?', projectId] as const]),
          ...(statuses === undefined ? [] : [['status IN (SELECT value FROM json_each(?))', JSON.stringify(statuses)] as const]),
          ['(archived_at IS NOT NULL) <= ?', Number(archived)],
        ],
        cursor,
        limit,
      ),
    live,
    inStatus: select('status = ? ORDER BY id'),
  };
}

export function createSpecTaskWriter(db: Db): SpecTaskWriter {
  const reader = createSpecTaskReader(db);
  const { insert, change } = table(db);
  return {
    ...reader,
    insert,
    change: (id, changes) => change(id, { ...changes, version: (reader.get(id)?.version ?? 0) + 1 }),
  };
}
