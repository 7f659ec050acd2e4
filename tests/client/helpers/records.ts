import type { Group, ResultOf, Session, StepRun } from '../../../schemas/index.ts';
import { at, ids } from './fake-daemon.ts';

export function session(more: Partial<Session> = {}): Session {
  return {
    id: ids.session,
    slug: 'build-fox',
    commandName: 'build',
    kind: 'standard',
    projectId: ids.project,
    projectPath: '/src/shop',
    artifactDir: '/a',
    status: 'running',
    arguments: {},
    role: 'plain',
    createdAt: at,
    startedAt: at,
    ...more,
  };
}

export function record(more: Partial<Session> = {}, stepRuns: StepRun[] = []): ResultOf<'session.get'> {
  return { ...session(more), sharedData: {}, stepRuns };
}

export function step(index: number, more: Partial<StepRun> = {}): StepRun {
  return {
    id: ids.step(index),
    sessionId: ids.session,
    index,
    phase: 'main',
    attempt: 1,
    name: `step ${index}`,
    type: 'shell',
    runIn: 'process',
    status: 'succeeded',
    outputOffset: 0,
    outputSize: 0,
    ...more,
  };
}

export const started = (index: number) => ({ stepRunId: ids.step(index), index, phase: 'main', name: `step ${index}`, attempt: 1 });
export const finished = (index: number, status = 'succeeded', more: object = {}) => ({
  stepRunId: ids.step(index),
  index,
  phase: 'main',
  name: `step ${index}`,
  status,
  ...more,
});

export function group(more: Partial<Group> = {}): Group {
  const member = { member: 1, attempt: 1, sessionId: ids.session, slug: 'build-fox', commandName: 'build', status: 'running' as const };
  return {
    ...{ id: ids.group, projectId: ids.project, kind: 'quorum', required: 1, failFast: false, status: 'running', succeeded: 0 },
    members: [member, { ...member, member: 2, slug: 'build-owl', attempt: 2 }],
    createdAt: at,
    ...more,
  };
}
