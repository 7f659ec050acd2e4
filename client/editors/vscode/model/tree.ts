// The tree: what waits for a human, then each project with its spec tasks, their work sessions, and its other sessions.

import type { Attention, Project, Session, SpecTask, WorkSession } from '../../../../schemas/index.ts';
import { statusText } from '../../../cli/tell-work.ts';
import { iconOf, plainIcons, type TreeNode } from './node.ts';
import { plainLine } from './plain.ts';
import { sessionEnded, taskEnded, type World, workEnded } from './world.ts';

/** Ended sessions that stand below a project. */
const mostEnded = 20;

export function treeOf(world: World): TreeNode[] {
  const attention = [...world.attention.values()].sort(newestFirst(({ raisedAt }) => raisedAt));
  const waiting: TreeNode[] = attention.length === 0 ? [] : [waitingNode(attention)];
  const projects = [...world.projects.values()].map((project) => projectNode(world, project));
  return [
    ...waiting,
    ...projects.sort(
      byRank(
        (node) => (node.flags.includes('waits') ? 0 : 1),
        (node) => node.label,
      ),
    ),
  ];
}

function waitingNode(attention: readonly Attention[]): TreeNode {
  return {
    ...{ id: 'waiting', kind: 'waiting', label: 'Waits for you', description: String(attention.length) },
    ...{ tooltip: 'What goes on only when somebody sees to it', icon: plainIcons.waiting, flags: [], ref: {} },
    children: attention.map((one) => ({
      ...{ id: `waiting/${one.id}`, kind: 'attention' as const, label: plainLine(one.title), description: words(one.kind) },
      tooltip: lines(one.title, one.detail, one.remedy),
      ...{ icon: plainIcons.waiting, flags: ['attention'], children: [] },
      ref: { attentionId: one.id, projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.workSessionId },
    })),
  };
}

function projectNode(world: World, project: Project): TreeNode {
  const tasks = [...world.specTasks.values()]
    .filter(({ projectId }) => projectId === project.id)
    .sort(
      byRank(
        (task) => taskRank(world, task),
        ({ number }) => -number,
      ),
    )
    .map((task) => taskNode(world, task));
  const sessions = [...world.sessions.values()].filter((one) => one.projectId === project.id && !isOfTask(world, one));
  const shown = [
    ...sessions.filter((one) => !sessionEnded(one)).sort(newest),
    ...sessions.filter(sessionEnded).sort(newest).slice(0, mostEnded),
  ];
  const live = sessions.filter((one) => !sessionEnded(one)).length;
  const waits = [...world.attention.values()].some(({ projectId }) => projectId === project.id);
  return {
    ...{ id: project.id, kind: 'project', label: plainLine(project.name), description: live === 0 ? '' : `${live} live` },
    ...{ tooltip: plainLine(project.path), icon: plainIcons.project, flags: waits ? ['project', 'waits'] : ['project'] },
    ...{ ref: { projectId: project.id }, children: [...tasks, ...shown.map(sessionNode)] },
  };
}

function taskNode(world: World, task: SpecTask): TreeNode {
  const waits = waitsFor(world, ({ specTaskId }) => specTaskId === task.id);
  const progress = world.progress.get(task.id);
  const work = [...world.workSessions.values()]
    .filter(({ specTaskId }) => specTaskId === task.id)
    .sort(byRank(workRank, ({ createdAt }) => createdAt));
  const others = [...world.sessions.values()]
    .filter((one) => one.specTaskId === task.id && one.workSessionId === undefined && !sessionEnded(one))
    .sort(newest);
  return {
    ...{ id: task.id, kind: 'specTask', label: plainLine(`#${task.number} ${task.name}`) },
    description: progress === undefined ? words(task.status) : `${words(task.status)} ${Math.round(progress * 100)}%`,
    tooltip: lines(task.name, words(task.status), task.lastError, task.prompt),
    ...{ icon: iconOf(task.status, waits), ref: { specTaskId: task.id, projectId: task.projectId } },
    flags: [...(task.status === 'spec_review' ? ['review'] : []), ...(taskEnded(task) ? [] : ['live'])],
    children: [...work.map((one) => workNode(world, one)), ...others.map(sessionNode)],
  };
}

function workNode(world: World, one: WorkSession): TreeNode {
  const state = one.agentState === undefined || workEnded(one) ? '' : `, ${words(one.agentState.state)}`;
  const percent = one.progress === undefined || workEnded(one) ? '' : ` ${Math.round(one.progress * 100)}%`;
  const session = one.sessionId === undefined ? undefined : world.sessions.get(one.sessionId);
  return {
    ...{ id: one.id, kind: 'workSession', label: plainLine(one.name), description: plainLine(`${statusText(one)}${percent}${state}`) },
    tooltip: lines(one.name, one.blockedDetail ?? one.waitsFor, one.lastError, one.summary),
    icon: iconOf(
      one.status,
      waitsFor(world, ({ workSessionId }) => workSessionId === one.id),
    ),
    flags: [
      ...(workEnded(one) ? [] : ['live']),
      ...(one.worktreeId === undefined ? [] : ['worktree']),
      ...(one.sessionId === undefined ? [] : ['output']),
      ...(one.status === 'active' && one.sessionId !== undefined && !(session && sessionEnded(session)) ? ['terminal'] : []),
    ],
    ref: {
      ...{ projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.id, sessionId: one.sessionId },
      ...{ worktreeId: one.worktreeId, worktreePath: one.worktreePath },
    },
    children: [],
  };
}

function sessionNode(one: Session): TreeNode {
  const ended = sessionEnded(one);
  const reason = one.reason === undefined || one.reason === one.status ? '' : ` (${one.reason})`;
  const where = one.branch === undefined ? '' : ` on ${one.branch}`;
  return {
    ...{ id: one.id, kind: 'session', label: plainLine(one.slug), description: plainLine(`${one.status}${reason}${where}`) },
    tooltip: lines(`${one.commandName}: ${one.status}`, one.error, one.worktreePath),
    icon: iconOf(one.status),
    flags: [
      'output',
      ...(ended ? [] : ['live']),
      ...(one.terminalId === undefined ? [] : ['terminal']),
      ...(one.worktreeId === undefined ? [] : ['worktree']),
    ],
    ref: { projectId: one.projectId, sessionId: one.id, worktreeId: one.worktreeId, worktreePath: one.worktreePath },
    children: [],
  };
}

/** It stands below its task: as a work session, or as what plans or drives agents. */
function isOfTask({ specTasks }: World, { specTaskId }: Session): boolean {
  return specTaskId !== undefined && specTasks.has(specTaskId);
}

function waitsFor({ attention }: World, isAbout: (one: Attention) => boolean): boolean {
  return [...attention.values()].some(isAbout);
}

function taskRank(world: World, task: SpecTask): number {
  if (waitsFor(world, ({ specTaskId }) => specTaskId === task.id)) return 0;
  return taskEnded(task) ? 2 : 1;
}

function workRank({ status }: WorkSession): number {
  return ['blocked', 'active', 'pending'].indexOf(status) + 1 || 4;
}

const newestFirst =
  <T>(time: (one: T) => string) =>
  (a: T, b: T): number =>
    time(b).localeCompare(time(a));
const newest = newestFirst<Session>(({ createdAt }) => createdAt);

function byRank<T>(rank: (one: T) => number, then: (one: T) => string | number): (a: T, b: T) => number {
  return (a, b) => {
    const [x, y] = [then(a), then(b)];
    return rank(a) - rank(b) || (typeof x === 'number' ? x - Number(y) : x.localeCompare(String(y)));
  };
}

function words(name: string): string {
  return plainLine(name.replaceAll('_', ' '));
}

const longestTooltipLine = 500;

function lines(...texts: readonly (string | undefined)[]): string {
  return texts
    .filter((text) => text !== undefined && text.trim() !== '')
    .map((text) => plainLine(text as string, longestTooltipLine))
    .join('\n');
}
