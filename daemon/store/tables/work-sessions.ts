import type { WorkSession, WorkSessionStatus } from '../../../schemas/work-session.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

type Times = 'createdAt' | 'startedAt' | 'endedAt';
type Joined = 'worktreePath' | 'waitsFor' | 'agentState' | 'threadId';

export interface WorkSessionRecord extends Omit<WorkSession, Times | Joined> {
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** What its agent is told first. */
  readonly prompt: string;
  /** May run: by autoStart, or because somebody said so. */
  readonly started: boolean;
  readonly base: 'parent_head' | 'integration';
  /** The head commit whose conflict its agent was told of: it is asked once for each. */
  readonly conflictAskedFor?: string;
  /** Its place in the merge queue. */
  readonly mergeRequestedAt?: number;
  /** Ended turns of its thread that were acted on. */
  readonly turnsSeen: number;
  /** Where the branch it is merged into was before; written before the merge. */
  readonly mergedFrom?: string;
}

export interface WorkSessionFilter {
  readonly specTaskId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly statuses?: readonly WorkSessionStatus[] | undefined;
}

const table = defineTable<WorkSessionRecord>({
  name: 'work_sessions',
  fields: [
    ...(['id', 'specTaskId', 'projectId', 'sessionId', 'implTaskId', 'kind', 'parentId', 'depth', 'name', 'description'] as const),
    ...(['prompt', 'status', 'stage', 'blockedReason', 'blockedDetail', 'started', 'required', 'mergeInto', 'base'] as const),
    ...(['dependsOn', 'branch', 'worktreeId', 'baseCommit', 'headCommit', 'mergedCommit', 'mergedFrom', 'conflictAskedFor'] as const),
    ...(['mergeRequestedAt', 'attempt', 'turnsSeen', 'verifyAttempts', 'progress', 'summary', 'agent', 'lastError'] as const),
    ...(['createdAt', 'startedAt', 'endedAt', 'version'] as const),
  ],
  json: ['dependsOn'],
  flags: ['started', 'required'],
});

export interface WorkSessionReader {
  get(id: string): WorkSessionRecord | undefined;
  bySession(sessionId: string): WorkSessionRecord | undefined;
  ofImplTask(implTaskId: string): WorkSessionRecord | undefined;
  /** Oldest first. */
  ofSpecTask(specTaskId: string): WorkSessionRecord[];
  children(parentId: string): WorkSessionRecord[];
  /** Pending, active or blocked, of all spec tasks, oldest first. */
  live(): WorkSessionRecord[];
  /** Newest first, before the id `cursor`. */
  list(filter: WorkSessionFilter, cursor: string, limit: number): WorkSessionRecord[];
}

export interface WorkSessionWriter extends WorkSessionReader {
  insert(workSession: WorkSessionRecord): void;
  /** Counts the version up. */
  change(id: string, change: Change<WorkSessionRecord>): void;
}

export function createWorkSessionReader(db: Db): WorkSessionReader {
  const { one, select, page } = table(db);
  return {
    get: one('id = ?'),
    bySession: one('session_id = ?'),
    ofImplTask: one('impl_task_id = ?'),
    ofSpecTask: select('spec_task_id = ? ORDER BY id'),
    children: select('parent_id = ? ORDER BY id'),
    live: select("status IN ('pending', 'active', 'blocked') ORDER BY id"),
    list: ({ specTaskId, projectId, parentId, statuses }, cursor, limit) =>
      page(
        [
          ...(specTaskId === undefined ? [] : [['spec_task_id = ?', specTaskId] as const]),
          ...(projectId === undefined ? [] : [['project_id = ?', projectId] as const]),
          ...(parentId === undefined ? [] : [['parent_id = ?', parentId] as const]),
          ...(statuses === undefined ? [] : [['status IN (SELECT value FROM json_each(?))', JSON.stringify(statuses)] as const]),
        ],
        cursor,
        limit,
      ),
  };
}

export function createWorkSessionWriter(db: Db): WorkSessionWriter {
  const reader = createWorkSessionReader(db);
  const { insert, change } = table(db);
  return { ...reader, insert, change: (id, changes) => change(id, { ...changes, version: (reader.get(id)?.version ?? 0) + 1 }) };
}
