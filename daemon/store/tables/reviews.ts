// Revisions of a spec task, and what was said of them.
import type { Comment } from '../../../schemas/review.ts';
import type { Revision } from '../../../schemas/spec-task.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

export interface RevisionRecord extends Omit<Revision, 'createdAt' | 'decidedAt'> {
  readonly id: string;
  readonly createdAt: number;
  readonly decidedAt?: number;
}

export interface CommentRecord extends Omit<Comment, 'createdAt' | 'resolvedAt'> {
  readonly createdAt: number;
  readonly resolvedAt?: number;
}

const revisions = defineTable<RevisionRecord>({
  name: 'spec_revisions',
  fields: [
    ...(['id', 'specTaskId', 'number', 'requirements', 'design', 'plan', 'source', 'commit', 'status', 'sha256'] as const),
    ...(['approvals', 'decidedBy', 'decidedAt', 'createdAt'] as const),
  ],
  json: ['approvals'],
});

const comments = defineTable<CommentRecord>({
  name: 'review_comments',
  fields: [
    ...(['id', 'specTaskId', 'revision', 'document', 'section', 'line', 'quote', 'body', 'blocking', 'status', 'author'] as const),
    ...(['replies', 'createdAt', 'resolvedAt', 'resolvedBy'] as const),
  ],
  json: ['replies'],
  flags: ['blocking'],
});

export interface ReviewReader {
  revision(specTaskId: string, number: number): RevisionRecord | undefined;
  newest(specTaskId: string): RevisionRecord | undefined;
  revisions(specTaskId: string): RevisionRecord[];
  comment(id: string): CommentRecord | undefined;
  /** Newest first, before the id `cursor`. */
  comments(specTaskId: string, status: string | undefined, cursor: string, limit: number): CommentRecord[];
  openComments(specTaskId: string): CommentRecord[];
  countComments(specTaskId: string): number;
}

export interface ReviewWriter extends ReviewReader {
  insertRevision(revision: RevisionRecord): void;
  changeRevision(id: string, change: Change<RevisionRecord>): void;
  insertComment(comment: CommentRecord): void;
  changeComment(id: string, change: Change<CommentRecord>): void;
}

export function createReviewReader(db: Db): ReviewReader {
  const revision = revisions(db);
  const comment = comments(db);
  const count = db.prepare<[string], number>('SELECT count(*) FROM review_comments WHERE spec_task_id = ?').pluck();
  return {
    revision: revision.one('spec_task_id = ? AND number = ?'),
    newest: revision.one('spec_task_id = ? ORDER BY number DESC'),
    revisions: revision.select('spec_task_id = ? ORDER BY number'),
    comment: comment.one('id = ?'),
    comments: (specTaskId, status, cursor, limit) =>
      comment.page([['spec_task_id = ?', specTaskId], ...(status === undefined ? [] : [['status = ?', status] as const])], cursor, limit),
    openComments: comment.select("spec_task_id = ? AND status = 'open' ORDER BY id"),
    countComments: (specTaskId) => count.get(specTaskId) as number,
  };
}

export function createReviewWriter(db: Db): ReviewWriter {
  const revision = revisions(db);
  const comment = comments(db);
  return {
    ...createReviewReader(db),
    insertRevision: revision.insert,
    changeRevision: revision.change,
    insertComment: comment.insert,
    changeComment: comment.change,
  };
}
