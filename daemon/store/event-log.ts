import type { EventData, EventType } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Subject } from '../../schemas/event.ts';
import { limits } from '../../schemas/limits.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Db } from './database.ts';
import { createStatements } from './statements.ts';
import { boundLimit } from './tables/rows.ts';

export interface NewEvent<T extends EventType = EventType> {
  readonly type: T;
  readonly subject: Subject;
  readonly actor: string;
  readonly data: EventData<T>;
}

/** One event as the log keeps it. `text` is its JSON as clients get it. */
export interface LoggedEvent {
  readonly seq: number;
  readonly type: string;
  readonly subject: Subject;
  readonly text: string;
}

export interface PageText {
  readonly text: string;
  readonly count: number;
  /** The position after it. */
  readonly through: number;
}

export interface EventReader {
  /** The highest sequence number ever given, 0 in an empty log. */
  lastSeq(): number;
  /** The lowest that is kept; lastSeq + 1 when none is. */
  firstSeq(): number;
  /** Events after `seq`, oldest first, whose subject has all the given ids. */
  page(afterSeq: number, limit: number, subject?: Subject): LoggedEvent[];
  /** The same as one JSON text without its brackets. SQLite makes it, for a fraction of what objects cost. */
  pageText(afterSeq: number, limit: number, subject?: Subject): PageText;
  /** The newest whose subject has all the given ids, oldest of them first. */
  newest(limit: number, subject: Subject): LoggedEvent[];
  /** How many are older than `beforeMs` or beyond the newest `keepRows`, found without reading them. */
  prunable(options: { beforeMs: number; keepRows: number }): number;
}

export interface EventWriter extends EventReader {
  append<T extends EventType>(event: NewEvent<T>): void;
  /** Deletes, of the oldest `limit` events, those older than `beforeMs` or beyond the newest `keepRows`; tells how many went. */
  prune(options: { beforeMs: number; keepRows: number; limit: number }): number;
}

interface EventRow {
  seq: number;
  type: string;
  project_id: string | null;
  session_id: string | null;
  spec_task_id: string | null;
  work_session_id: string | null;
  worktree_id: string | null;
  body: string;
}

const subjectColumns = {
  projectId: 'project_id',
  sessionId: 'session_id',
  specTaskId: 'spec_task_id',
  workSessionId: 'work_session_id',
  worktreeId: 'worktree_id',
} as const satisfies Record<keyof Subject, keyof EventRow>;
const columns = 'seq, type, project_id, session_id, spec_task_id, work_session_id, worktree_id, body';
const subjectKeys = Object.keys(subjectColumns) as (keyof Subject)[];

export function createEventReader(db: Db): EventReader {
  const last = db.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
  const first = db.prepare<[], { seq: number }>('SELECT seq FROM events ORDER BY seq LIMIT 1');
  const timeOf = db.prepare<[number], number>('SELECT at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1').pluck();
  const pages = createStatements<EventRow>(db);
  /** Numbers and times rise together, so halving finds the border. */
  const firstSince = (atMs: number): number => {
    let [low, high] = [reader.firstSeq(), reader.lastSeq() + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((timeOf.get(middle) as number) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const texts = createStatements<{ text: string | null; count: number; through: number | null }>(db);
  const where = (subject: Subject) => {
    const keys = subjectKeys.filter((key) => subject[key] !== undefined);
    return {
      condition: `seq > ?${keys.map((key) => ` AND ${subjectColumns[key]} = ?`).join('')}`,
      values: keys.map((key) => subject[key]),
    };
  };
  const select = (afterSeq: number, limit: number, subject: Subject, order: 'ASC' | 'DESC'): LoggedEvent[] => {
    const { condition, values } = where(subject);
    const sql = `SELECT ${columns} FROM events WHERE ${condition} ORDER BY seq ${order} LIMIT ${boundLimit}`;
    return pages(sql)
      .all(afterSeq, ...values, limit)
      .map(toEvent);
  };
  const reader: EventReader = {
    lastSeq: () => last.get()?.seq ?? 0,
    firstSeq: () => first.get()?.seq ?? reader.lastSeq() + 1,
    prunable: ({ beforeMs, keepRows }) =>
      Math.max(firstSince(beforeMs), reader.lastSeq() - keepRows + 1, reader.firstSeq()) - reader.firstSeq(),
    page: (afterSeq, limit, subject = {}) => select(afterSeq, limit, subject, 'ASC'),
    pageText(afterSeq, limit, subject = {}) {
      const { condition, values } = where(subject);
      // One row in all: making a string of each event costs as much as finding it. The limit keeps the rows in their order. ltrim takes one
      // byte, where substr would count the letters of the whole body; what each begins with is part of the separator, one joining less.
      const page = texts(
        `SELECT group_concat(seq || ',' || ltrim(body, '{'), ',{"seq":') AS text, count(*) AS count, max(seq) AS through
         FROM (SELECT seq, body FROM events WHERE ${condition} ORDER BY seq LIMIT ${boundLimit})`,
      ).get(afterSeq, ...values, limit);
      if (!page || page.text === null) return { text: '', count: 0, through: afterSeq };
      return { text: `{"seq":${page.text}`, count: page.count, through: page.through ?? afterSeq };
    },
    newest: (limit, subject) => select(0, limit, subject, 'DESC').toReversed(),
  };
  return reader;
}

/** What is appended goes to `appended` too, so that nobody has to read it back. */
export function createEventWriter(db: Db, now: () => number, appended: LoggedEvent[]): EventWriter {
  const stampOf = stamps();
  const insert = db.prepare(
    'INSERT INTO events (at, type, project_id, session_id, spec_task_id, work_session_id, worktree_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const prune = db.prepare(
    // Only the oldest rows are looked at: a log with nothing to prune costs one slice, not a scan.
    `DELETE FROM events WHERE seq IN (
       SELECT seq FROM (SELECT seq, at FROM events ORDER BY seq LIMIT @limit)
       WHERE at < @beforeMs OR seq <= (SELECT seq FROM sqlite_sequence WHERE name = 'events') - @keepRows)`,
  );
  return {
    ...createEventReader(db),
    append({ type, subject, actor, data }) {
      const at = now();
      const body = JSON.stringify({ at: stampOf(at), type, subject, actor, data });
      if (body.length > limits.eventDataBytes) {
        throw new Failure(
          'LIMIT_EXCEEDED',
          `An event "${type}" of ${body.length} characters is over the limit of ${limits.eventDataBytes}.`,
          {
            details: { limit: limits.eventDataBytes, value: body.length },
          },
        );
      }
      const { projectId, sessionId, specTaskId, workSessionId, worktreeId } = subject;
      // Spelled out: a list that is made and spread takes as long as a fifth of the insertion.
      const [project, session, specTask] = [projectId ?? null, sessionId ?? null, specTaskId ?? null];
      const { lastInsertRowid } = insert.run(at, type, project, session, specTask, workSessionId ?? null, worktreeId ?? null, body);
      const seq = Number(lastInsertRowid);
      appended.push({ seq, type, subject, text: textOf(seq, body) });
    },
    prune: (options) => prune.run(options).changes,
  };
}

/** Writes times down, the same one only once: what is committed together was mostly made in one millisecond. */
function stamps(): (ms: number) => string {
  let [last, stamp] = [Number.NaN, ''];
  return (ms) => {
    if (ms !== last) [last, stamp] = [ms, isoTime(ms)];
    return stamp;
  };
}

/** The JSON of an ephemeral event: like a logged one, without a sequence number. */
export function ephemeralText<T extends EventType>({ type, subject, actor, data }: NewEvent<T>, atMs: number): string {
  return JSON.stringify({ at: isoTime(atMs), type, subject, actor, data });
}

function toEvent(row: EventRow): LoggedEvent {
  const subject: Subject = {};
  for (const key of subjectKeys) {
    const value = row[subjectColumns[key]];
    if (value !== null) subject[key] = value;
  }
  return { seq: row.seq, type: row.type, subject, text: textOf(row.seq, row.body) };
}

function textOf(seq: number, body: string): string {
  return `{"seq":${seq},${body.slice(1)}`;
}
