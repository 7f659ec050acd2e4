// What an event changes. What it tells in full is taken in at once; for the rest it names the record to ask for again. Taking an event in
// twice changes nothing, so events that came while the records were asked for are simply taken in again.
import type { ClientEvent } from '../../event-stream.ts';
import { formatDiagnostic } from '../format-error.ts';
import type { Tone } from './line.ts';
import { plainText } from './plain-text.ts';
import type { Stale, TaskView, World } from './world.ts';

export interface Notice {
  readonly text: string;
  readonly tone: Tone;
}

export interface Change {
  readonly stale: readonly Stale[];
  readonly notice?: Notice;
}

/** What is subscribed to. Output and what agents say in between are not. */
export const watchedTypes: readonly string[] = [
  ...['session.created', 'session.started', 'session.cancelRequested', 'session.finished', 'session.removed', 'step.*', 'retry.*'],
  ...['specTask.*', 'implTask.*', 'workSession.*', 'thread.statusChanged', 'thread.agentStateChanged'],
  ...['attention.*', 'project.*', 'config.*', 'daemon.*'],
];

const nothing: Change = { stale: [] };

export function applyEvent(world: World, event: ClientEvent): Change {
  const { subject } = event;
  switch (event.type) {
    case 'project.added':
      world.projects.set(event.data.id, event.data);
      return nothing;
    case 'project.removed':
      if (subject.projectId !== undefined) world.projects.delete(subject.projectId);
      return nothing;
    case 'session.removed':
      if (subject.sessionId !== undefined) world.sessions.delete(subject.sessionId);
      return nothing;
    case 'specTask.archived':
      if (subject.specTaskId !== undefined) world.tasks.delete(subject.specTaskId);
      return nothing;
    case 'attention.cleared':
      world.attention.delete(event.data.attentionId);
      return nothing;
    case 'attention.raised':
      return { stale: [`attention ${event.data.attentionId}`] };
    case 'thread.agentStateChanged':
      if (setAgentState(world, event.data)) return nothing;
      break;
    default:
  }
  const notice = noticeOf(event);
  return { stale: staleOf(event), ...(notice === undefined ? {} : { notice }) };
}

function staleOf({ type, subject }: ClientEvent): Stale[] {
  const noun = type.slice(0, type.indexOf('.'));
  const { sessionId, specTaskId, workSessionId } = subject;
  if (['specTask', 'implTask', 'workSession', 'thread'].includes(noun)) return specTaskId === undefined ? [] : [`task ${specTaskId}`];
  // How the session of a work session stands is told by the work session.
  if (!['session', 'step', 'retry'].includes(noun) || sessionId === undefined || workSessionId !== undefined) return [];
  return [`session ${sessionId}`];
}

/** False when no work session that is known has it. */
function setAgentState(world: World, data: Extract<ClientEvent, { type: 'thread.agentStateChanged' }>['data']): boolean {
  for (const [id, task] of world.tasks) {
    if (!task.workSessions.some((one) => one.id === data.workSessionId)) continue;
    const workSessions: TaskView['workSessions'] = task.workSessions.map((one) =>
      one.id === data.workSessionId ? { ...one, agentState: data.state } : one,
    );
    world.tasks.set(id, { ...task, workSessions });
    return true;
  }
  return false;
}

function noticeOf(event: ClientEvent): Notice | undefined {
  switch (event.type) {
    case 'config.fileChanged':
      return notice(`Configuration file ${event.data.path} changed; it is read when it has been quiet.`, 'dim');
    case 'config.deferred':
      return notice(`A changed configuration waits until no session runs: ${list(event.data.changedKeys)}.`, 'yellow');
    case 'config.reloaded': {
      const { newVersion, changedKeys, restartRequired } = event.data;
      const later = restartRequired.length === 0 ? '' : ` With the next daemon: ${list(restartRequired)}.`;
      return notice(
        `Configuration ${newVersion} is in force: ${list(changedKeys)}.${later}`,
        restartRequired.length === 0 ? 'green' : 'yellow',
      );
    }
    case 'config.reloadFailed': {
      const [first] = event.data.errors;
      const where = first === undefined ? '' : `: ${formatDiagnostic(first)}`;
      return notice(`The changed configuration is wrong, version ${event.data.keptVersion} stays in force${where}`, 'red');
    }
    default:
      return undefined;
  }
}

function list(keys: readonly string[]): string {
  return keys.length === 0 ? 'nothing changed' : keys.join(', ');
}

export function notice(text: string, tone: Tone): Notice {
  return { text: plainText(text), tone };
}
