// What people say of a revision. A comment holds on to the text it quotes; when a later revision has it no more, it becomes obsolete.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Comment } from '../../schemas/review.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { CommentRecord, RevisionRecord } from '../store/tables/reviews.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { freshSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { commentView } from './view.ts';

export type NewComment = Pick<Comment, 'revision' | 'document' | 'body' | 'blocking'> & {
  readonly [K in 'section' | 'line' | 'quote']?: Comment[K] | undefined;
};

export interface Comments {
  list(
    task: SpecTaskRecord,
    status: string | undefined,
    cursor: string | undefined,
    limit: number,
  ): { comments: Comment[]; nextCursor?: string };
  get(id: string): CommentRecord;
  add(task: SpecTaskRecord, comment: NewComment, origin: Origin): Promise<Comment>;
  reply(id: string, body: string, origin: Origin): Promise<Comment>;
  resolve(id: string, resolved: boolean, origin: Origin): Promise<Comment>;
}

export function createComments({ store, clock, ids }: { store: Store; clock: Clock; ids: Ids }): Comments {
  const get = (id: string): CommentRecord => store.read((r) => fresh(r, id));
  return {
    get,
    list(task, status, cursor, limit) {
      const rows = store.read((r) => r.reviews.comments(task.id, status, cursor ?? afterAllIds, limit + 1));
      const page = pageOf(rows, limit);
      return { comments: page.rows.map(commentView), ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
    add: (task, comment, origin) =>
      store.write((w) => {
        const revision = w.reviews.revision(task.id, comment.revision);
        if (!revision) throw noRevision(task, comment.revision);
        assertPlace(revision, comment);
        if (w.reviews.countComments(task.id) >= limits.commentsPerTask) {
          throw new Failure('LIMIT_EXCEEDED', `${nameOf(task)} has ${limits.commentsPerTask} comments, which is the limit; resolve some.`, {
            details: { limit: limits.commentsPerTask, value: limits.commentsPerTask + 1 },
          });
        }
        return settle(w, origin.receipt, commentView(insertComment(w, { task, comment, origin, id: ids.next('cmt'), now: clock.now() })));
      }),
    reply: (id, body, origin) =>
      store.write((w) => {
        const comment = fresh(w, id);
        if (comment.replies.length >= limits.repliesPerComment) {
          throw new Failure('LIMIT_EXCEEDED', `The comment "${id}" has ${limits.repliesPerComment} replies, which is the limit.`, {
            details: { limit: limits.repliesPerComment, value: comment.replies.length + 1 },
          });
        }
        const reply = { author: origin.actor, body, at: new Date(clock.now()).toISOString() };
        w.reviews.changeComment(id, { replies: [...comment.replies, reply] });
        const subject = specTaskSubject(freshSpecTask(w, comment.specTaskId));
        w.events.append({ type: 'review.commentReplied', subject, actor: origin.actor, data: { commentId: id } });
        return settle(w, origin.receipt, commentView(fresh(w, id)));
      }),
    resolve: (id, resolved, origin) =>
      store.write((w) => {
        const comment = fresh(w, id);
        const status = resolved ? 'resolved' : 'open';
        if (comment.status === 'obsolete') {
          const details = { from: 'obsolete', to: status, allowed: [] };
          throw new Failure('INVALID_TRANSITION', `The comment "${id}" is obsolete: the text it quotes is gone; write a new one.`, {
            details,
          });
        }
        if (comment.status !== status) {
          const at = resolved ? { resolvedAt: clock.now(), resolvedBy: origin.actor } : { resolvedAt: null, resolvedBy: null };
          setStatus(w, comment, status, at, origin.actor);
        }
        return settle(w, origin.receipt, commentView(fresh(w, id)));
      }),
  };
}

export interface InsertComment {
  readonly task: SpecTaskRecord;
  readonly comment: NewComment;
  readonly origin: Pick<Origin, 'actor'>;
  readonly id: string;
  readonly now: number;
}

export function insertComment(w: Writer, { task, comment, origin, id, now }: InsertComment): CommentRecord {
  const { section, line, quote, ...plain } = comment;
  const record: CommentRecord = {
    ...plain,
    ...(section === undefined ? {} : { section }),
    ...(line === undefined ? {} : { line }),
    ...(quote === undefined ? {} : { quote }),
    ...{ id, specTaskId: task.id, status: 'open', author: origin.actor, replies: [], createdAt: now },
  };
  w.reviews.insertComment(record);
  const data = { commentId: id, revision: comment.revision, document: comment.document, blocking: comment.blocking };
  w.events.append({ type: 'review.commentAdded', subject: specTaskSubject(task), actor: origin.actor, data });
  return record;
}

/** With a new revision: what quotes a text that is gone has nothing to hold on to. */
export function retireComments(w: Writer, task: SpecTaskRecord, revision: RevisionRecord, actor: string): void {
  for (const comment of w.reviews.openComments(task.id)) {
    if (comment.quote === undefined || revision[comment.document].includes(comment.quote)) continue;
    setStatus(w, comment, 'obsolete', {}, actor);
  }
}

function setStatus(
  w: Writer,
  comment: CommentRecord,
  status: Comment['status'],
  more: Parameters<Writer['reviews']['changeComment']>[1],
  actor: string,
): void {
  w.reviews.changeComment(comment.id, { ...more, status });
  const subject = specTaskSubject(freshSpecTask(w, comment.specTaskId));
  w.events.append({ type: 'review.commentResolved', subject, actor, data: { commentId: comment.id, status } });
}

export function noRevision(task: SpecTaskRecord, number: number): Failure {
  const there = task.revision === 0 ? 'it has none yet' : `it has 1 to ${task.revision}`;
  return new Failure('NOT_FOUND', `${nameOf(task)} has no revision ${number}; ${there}.`, {
    details: { entity: 'revision', id: String(number) },
  });
}

function assertPlace(revision: RevisionRecord, { document, line, quote }: NewComment): void {
  const text = revision[document];
  const lines = text.split('\n').length;
  if (line !== undefined && line > lines) {
    throw new Failure('PRECONDITION', `The ${document} of revision ${revision.number} has ${lines} lines, so there is no line ${line}.`, {
      details: { reason: 'no_such_line', lines },
    });
  }
  if (quote === undefined || text.includes(quote)) return;
  throw new Failure('PRECONDITION', `The ${document} of revision ${revision.number} does not have the quoted text; copy it literally.`, {
    details: { reason: 'no_such_quote' },
  });
}

function fresh(r: Reader, id: string): CommentRecord {
  const comment = r.reviews.comment(id);
  if (comment) return comment;
  throw new Failure('NOT_FOUND', `There is no comment "${id}"; review.list shows those of a spec task.`, {
    details: { entity: 'comment', id },
  });
}
