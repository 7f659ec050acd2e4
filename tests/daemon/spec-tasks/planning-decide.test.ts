import { expect, test } from 'vitest';
import { nextMove, type PlanningFacts, type PlanningMove } from '../../../daemon/spec-tasks/planning/decide.ts';
import { specTaskStatuses } from '../../../schemas/task-words.ts';

const base: PlanningFacts = { status: 'spec_generation', byCommand: false, openPrompts: 0, hasRoom: true };
const waiting = { status: 'running', agentStep: 'running' } as const;
const idle = { status: 'active', turn: 'idle' } as const;

test.each<[what: string, facts: Partial<PlanningFacts>, move: PlanningMove]>([
  ['a queued task with room gets a planner', { status: 'queued_spec_generation' }, 'begin'],
  ['a queued task without room waits', { status: 'queued_spec_generation', hasRoom: false }, 'wait'],
  ['a task whose planner never began gets one, whatever the room', { hasRoom: false }, 'begin'],
  ['a session that is being prepared has no agent to tell', { session: { status: 'preparing', agentStep: 'pending' } }, 'wait'],
  ['a session that waits for its agent gets its thread', { session: waiting }, 'instruct'],
  ['a thread that is not open yet is waited for', { session: waiting, thread: { status: 'pending', turn: 'idle' } }, 'wait'],
  ['a turn that runs is waited for', { session: waiting, thread: { status: 'active', turn: 'running' } }, 'wait'],
  [
    'an agent that waits for a permission is waited for',
    { session: waiting, thread: { status: 'active', turn: 'requires_action' } },
    'wait',
  ],
  ['a prompt on its way is waited for', { session: waiting, thread: idle, openPrompts: 1 }, 'wait'],
  ['a disconnected agent may come back', { session: waiting, thread: { status: 'disconnected', turn: 'idle' } }, 'wait'],
  ['a turn that ended is looked at', { session: waiting, thread: idle }, 'collect'],
  ['an agent that is gone is given up', { session: waiting, thread: { status: 'failed', turn: 'idle' } }, 'giveUp'],
  ['a session that ended under its agent is given up', { session: { status: 'failed' }, thread: idle }, 'giveUp'],
  ['a session that was lost is given up', { session: { status: 'lost' } }, 'giveUp'],
  ['a command that runs is waited for', { byCommand: true, session: { status: 'running' } }, 'wait'],
  ['a command that succeeded is looked at', { byCommand: true, session: { status: 'succeeded' } }, 'collect'],
  ['a command that failed is given up', { byCommand: true, session: { status: 'failed' } }, 'giveUp'],
  [
    'comments go to the agent that waits, whatever the room',
    { status: 'spec_revision', session: waiting, thread: idle, hasRoom: false },
    'deliver',
  ],
  [
    'comments wait for no turn to end',
    { status: 'spec_revision', session: waiting, thread: { status: 'active', turn: 'running' } },
    'deliver',
  ],
  ['an agent that is gone is replaced for the comments', { status: 'spec_revision', session: { status: 'failed' } }, 'begin'],
  ['a command is started again for the comments', { status: 'spec_revision', byCommand: true, session: { status: 'succeeded' } }, 'begin'],
  ['who wrote a plan without a planner writes the next one', { status: 'spec_revision' }, 'wait'],
  ['a review is a human’s', { status: 'spec_review', session: waiting, thread: idle }, 'wait'],
  ['after the approval the planner may go', { status: 'spec_approved', session: waiting, thread: idle }, 'release'],
  ['after a cancel the planner must go', { status: 'cancelled', session: waiting }, 'release'],
  ['who is gone needs no release', { status: 'done', session: { status: 'succeeded' } }, 'wait'],
])('%s', (_, facts, move) => {
  expect(nextMove({ ...base, ...facts })).toBe(move);
});

test('without a planner nothing is done in any other status', () => {
  const begins = specTaskStatuses.filter((status) => nextMove({ ...base, status }) !== 'wait');
  expect(begins).toEqual(['queued_spec_generation', 'spec_generation']);
});
