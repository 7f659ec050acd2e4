import { hasEnded } from '../follow-session.ts';
import { taskHasEnded, type World } from './world.ts';

/** The world in one line. */
export function summaryOf({ projects, tasks, sessions, attention }: World): string {
  const openTasks = [...tasks.values()].filter(({ specTask }) => !taskHasEnded(specTask)).length;
  const running = [...sessions.values()].filter(({ session }) => !hasEnded(session)).length;
  const parts = [count(projects.size, 'project'), count(openTasks, 'spec task'), count(running, 'session')];
  if (attention.size > 0) parts.push(attention.size === 1 ? '1 waits for you' : `${attention.size} wait for you`);
  return parts.join('  ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
