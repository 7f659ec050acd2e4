// The whole list: what waits for a human first, then each project with its spec tasks and sessions.
import { hasEnded } from '../follow-session.ts';
import type { Glyphs } from './line.ts';
import { plainText } from './plain-text.ts';
import { type Row, words } from './row.ts';
import { sessionRow } from './session-rows.ts';
import { taskRows } from './task-rows.ts';
import { taskHasEnded, type World } from './world.ts';

export function rowsOf(world: World, glyphs: Glyphs): Row[] {
  return [...attentionRows(world), ...projectRows(world, glyphs)];
}

/** Rows that have the text somewhere, and those that they belong to. */
export function filtered(rows: readonly Row[], text: string): Row[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...rows];
  const kept: Row[] = [];
  let ancestor = -1;
  for (const row of rows.toReversed()) {
    const isAncestor = row.depth < ancestor;
    if (!isAncestor && !`${row.name} ${row.state} ${row.note}`.toLowerCase().includes(wanted)) continue;
    kept.push(row);
    ancestor = row.depth;
  }
  return kept.toReversed();
}

function attentionRows(world: World): Row[] {
  const waiting = [...world.attention.values()].toSorted((a, b) => b.raisedAt.localeCompare(a.raisedAt));
  if (waiting.length === 0) return [];
  const rows = waiting.map((attention): Row => {
    const { id, kind, title, detail, raisedAt, specTaskId, workSessionId } = attention;
    const sessionId = attention.sessionId ?? sessionOf(world, specTaskId, workSessionId);
    const name = plainText(detail === undefined ? title : `${title}: ${detail}`);
    return {
      ...{
        key: `attention ${id}`,
        depth: 1,
        form: 'message',
        lines: '',
        name,
        state: words(kind),
        tone: 'yellow',
        note: '',
        since: raisedAt,
      },
      target: {
        name: plainText(title),
        attention,
        ...(specTaskId === undefined ? {} : { specTaskId }),
        ...(workSessionId === undefined ? {} : { workSessionId }),
        ...(sessionId === undefined ? {} : { sessionId }),
      },
    };
  });
  return [headingRow('waiting', `Waits for you (${rows.length})`, ''), ...rows];
}

function sessionOf(world: World, specTaskId: string | undefined, workSessionId: string | undefined): string | undefined {
  if (specTaskId === undefined) return undefined;
  return world.tasks.get(specTaskId)?.workSessions.find(({ id }) => id === workSessionId)?.sessionId;
}

function projectRows(world: World, glyphs: Glyphs): Row[] {
  const groups = [...world.projects.values()].map(({ id, name, path }) => {
    const tasks = [...world.tasks.values()].filter(({ specTask }) => specTask.projectId === id);
    const sessions = [...world.sessions.values()].filter(({ session }) => session.projectId === id && session.specTaskId === undefined);
    const rows = [
      ...tasks
        .toSorted((a, b) => rank(taskHasEnded(a.specTask), a.specTask, taskHasEnded(b.specTask), b.specTask))
        .flatMap((task) => taskRows(world, task, 1, glyphs)),
      ...sessions
        .toSorted((a, b) => rank(hasEnded(a.session), a.session, hasEnded(b.session), b.session))
        .map((session) => sessionRow(session, 1)),
    ];
    return { rows: [headingRow(`project ${id}`, plainText(name), plainText(path)), ...rows] };
  });
  // Those in which nothing is to be seen come last.
  const empty = ({ rows }: { rows: Row[] }): number => (rows.length === 1 ? 1 : 0);
  return groups.toSorted((a, b) => empty(a) - empty(b)).flatMap(({ rows }) => rows);
}

/** What has not ended first, and the newest first. */
function rank(aEnded: boolean, a: { createdAt: string }, bEnded: boolean, b: { createdAt: string }): number {
  return Number(aEnded) - Number(bEnded) || b.createdAt.localeCompare(a.createdAt);
}

function headingRow(key: string, name: string, note: string): Row {
  return { key, depth: 0, heading: true, lines: '', name, state: '', tone: 'bold', note, since: undefined, target: { name } };
}
