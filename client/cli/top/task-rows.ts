// A spec task with its progress, and below it its implementation tasks and work sessions as they wait for each other.
import type { ImplTask, WorkSession } from '../../../schemas/index.ts';
import type { Glyphs } from './line.ts';
import { plainText } from './plain-text.ts';
import { type Row, toneOf, words } from './row.ts';
import { sessionRow } from './session-rows.ts';
import { treeOf } from './tree.ts';
import { type TaskView, taskHasEnded, type World } from './world.ts';

/** An item of the plan, its work session, or both. */
interface Node {
  readonly id: string;
  readonly after: readonly string[];
  readonly label: string | undefined;
  readonly implTask: ImplTask | undefined;
  readonly workSession: WorkSession | undefined;
}

export function taskRows(world: World, task: TaskView, depth: number, glyphs: Glyphs): Row[] {
  const { specTask, progress } = task;
  const rows: Row[] = [taskRow(task, depth)];
  if (taskHasEnded(specTask)) return rows;
  const planning = specTask.planningSessionId === undefined ? undefined : world.sessions.get(specTask.planningSessionId);
  if (planning !== undefined && progress?.planning !== 1) {
    rows.push({ ...sessionRow(planning, depth + 1), lines: glyphs.last, name: `planning ${plainText(planning.session.slug)}` });
  }
  const nodes = nodesOf(task);
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  for (const { item, depth: below, lines } of treeOf(nodes, glyphs)) {
    rows.push(nodeRow(specTask.id, item, depth + 1 + below, lines, labels));
  }
  return rows;
}

function taskRow({ specTask, progress }: TaskView, depth: number): Row {
  const { id, number, name, status, lastError, createdAt, endedAt } = specTask;
  const title = `#${number} ${plainText(name)}`;
  return {
    key: `task ${id}`,
    depth,
    form: 'task',
    lines: '',
    name: title,
    state: words(status),
    tone: toneOf(status),
    note: lastError === undefined ? '' : plainText(lastError),
    ...(progress === undefined || lastError !== undefined ? {} : { share: progress.weighted }),
    since: endedAt ?? createdAt,
    target: { name: title, specTaskId: id, active: !taskHasEnded(specTask) },
  };
}

function nodesOf({ implTasks, workSessions }: TaskView): Node[] {
  const ofItem = new Map(workSessions.map((one) => [one.implTaskId, one]));
  const nodeIdOf = new Map(workSessions.map((one) => [one.id, one.implTaskId ?? one.id]));
  const items = implTasks
    .filter(({ status }) => status !== 'obsolete')
    .map((implTask) => ({
      id: implTask.id,
      after: implTask.dependencies,
      label: implTask.label,
      implTask,
      workSession: ofItem.get(implTask.id),
    }));
  const others = workSessions
    .filter(({ implTaskId }) => implTaskId === undefined)
    .map((workSession) => {
      const { id, parentId, dependsOn } = workSession;
      const after = [...(parentId === undefined ? [] : [parentId]), ...dependsOn].map((one) => nodeIdOf.get(one) ?? one);
      return { id, after, label: undefined, implTask: undefined, workSession };
    });
  return [...items, ...others.toReversed()];
}

function nodeRow(specTaskId: string, node: Node, depth: number, lines: string, labels: ReadonlyMap<string, string | undefined>): Row {
  const { id, label, implTask, workSession, after } = node;
  const title = plainText(`${label === undefined ? '' : `${label} `}${implTask?.title ?? workSession?.name ?? id}`);
  // One of them is where it stands; that there are more is only told.
  const needs = after.map((one) => labels.get(one)).filter((one) => one !== undefined);
  const status = workSession?.status ?? implTask?.status ?? 'pending';
  const { sessionId } = workSession ?? {};
  return {
    key: `node ${id}`,
    depth,
    lines,
    name: needs.length < 2 ? title : `${title} (after ${plainText(needs.join(', '))})`,
    state: words(workSession?.status === 'active' ? (workSession.stage ?? status) : status),
    tone: toneOf(status),
    note: plainText(workSession === undefined ? (implTask?.waitsFor ?? '') : evidence(workSession)),
    since: workSession === undefined ? undefined : (workSession.endedAt ?? workSession.agentState?.since ?? workSession.startedAt),
    target: {
      name: title,
      specTaskId,
      ...(workSession === undefined ? {} : { workSessionId: workSession.id }),
      ...(sessionId === undefined ? {} : { sessionId }),
      active: workSession !== undefined && ['pending', 'active', 'blocked'].includes(status),
    },
  };
}

/** What its agent does and who says so; else why it does not run. */
function evidence({ status, agent, agentState, waitsFor, blockedDetail, lastError, mergedCommit }: WorkSession): string {
  if (status === 'pending') return waitsFor ?? '';
  if (status === 'failed') return lastError ?? '';
  if (status === 'completed') return mergedCommit === undefined ? 'not merged' : `merged as ${mergedCommit.slice(0, 10)}`;
  if (status === 'blocked' && blockedDetail !== undefined) return blockedDetail;
  if (agentState === undefined) return agent;
  const { state, source, detail } = agentState;
  return `${words(state)} by ${source}${detail === undefined ? '' : `: ${detail}`}, ${agent}`;
}
