import { hasEnded } from '../follow-session.ts';
import { counted } from '../text.ts';
import { taskHasEnded, type World } from './world.ts';

/** The world in one line. */
export function summaryOf({ projects, tasks, sessions, attention }: World): string {
  const openTasks = [...tasks.values()].filter(({ specTask }) => !taskHasEnded(specTask)).length;
  const running = [...sessions.values()].filter(({ session }) => !hasEnded(session)).length;
  const parts = [counted(projects.size, 'project'), counted(openTasks, 'spec task'), counted(running, 'session')];
  if (attention.size > 0) parts.push(attention.size === 1 ? '1 waits for you' : `${attention.size} wait for you`);
  return parts.join('  ');
}
