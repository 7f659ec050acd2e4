import { z } from 'zod';
import { Arguments } from './command.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Environment, Id, idOf, NextCursor, page, Ref, Time } from './primitives.ts';
import { Session, SessionStatus } from './session.ts';

export const groupKinds = ['all', 'quorum', 'first'] as const;
export const groupStatuses = ['running', 'succeeded', 'degraded', 'failed', 'cancelled'] as const;
export const GroupStatus = z.enum(groupStatuses);
export type GroupStatus = z.infer<typeof GroupStatus>;

export const groupOutcomes = ['full', 'degraded', 'failed'] as const;
export type GroupOutcome = (typeof groupOutcomes)[number];

const MemberAttempt = z.object({
  attempt: z.int(),
  sessionId: Id,
  slug: z.string(),
  status: SessionStatus,
  reason: z.string().optional().describe('Of the session: why it ended as it did.'),
});

export const GroupMember = MemberAttempt.extend({
  member: z.int().describe('Its place in the group, from 1 on; a later attempt keeps it.'),
  commandName: z.string(),
  agent: z.string().optional().describe('In the group of a gate: who was asked.'),
  queuePosition: Session.shape.queuePosition,
  queueReason: Session.shape.queueReason,
  earlierAttempts: z.array(MemberAttempt).optional().describe('What came of the sessions before this one.'),
});
export type GroupMember = z.infer<typeof GroupMember>;

export const Group = z
  .object({
    id: Id,
    projectId: Id,
    gate: z.string().optional().describe('The gate that it is a run of.'),
    kind: z.enum(groupKinds),
    required: z.int().describe('So many members must succeed.'),
    failFast: z.boolean(),
    timeoutMs: z.int().optional(),
    deadlineAt: Time.optional(),
    status: GroupStatus.describe('running until the last process of the last member is dead.'),
    outcome: z
      .enum(groupOutcomes)
      .optional()
      .describe('full: all succeeded, or the first that was asked for; degraded: enough of them; absent while it runs and after a cancel.'),
    reason: z
      .string()
      .optional()
      .describe(
        'Why it did not end in full, or why what still runs is being ended: won, not_enough, fail_fast, timeout, or what the cancel said.',
      ),
    succeeded: z.int().describe('Members that have succeeded.'),
    members: z.array(GroupMember),
    cancelRequestedAt: Time.optional(),
    createdAt: Time,
    endedAt: Time.optional(),
  })
  .meta({ id: 'Group' });
export type Group = z.infer<typeof Group>;

const id = idOf('a group', 'coppice group list');

const startErrors = [
  ...(['NOT_FOUND', 'COMMAND_INVALID', 'CONFIG_INVALID', 'MODEL_UNKNOWN'] as const),
  ...(['TOOL_MISSING', 'TOOL_FAILED', 'ALREADY_EXISTS', 'PRECONDITION'] as const),
];

export const groupMethods = {
  'group.start': defineMethod({
    summary: 'Starts several commands as sessions that end together: all of them are committed, or none is.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref.describe('Project id, name, or a path inside it.'),
      members: z
        .array(z.strictObject({ command: z.string().min(1).max(limits.nameChars), arguments: Arguments.default({}) }))
        .min(1)
        .max(limits.groupMembers),
      kind: z
        .enum(groupKinds)
        .default('all')
        .describe('all: each must succeed; quorum: `required` must, and all run to their end; first: the first success ends the others.'),
      required: z.int().min(1).max(limits.groupMembers).optional().describe('For a quorum, and only there.'),
      failFast: z.boolean().default(false).describe('The first failure ends the others, also while enough could still succeed.'),
      timeoutMs: z.int().min(1).max(limits.groupTimeoutMs).optional().describe('From the start, the wait in the queue included.'),
      environment: Environment.default({}).describe("The starting client's own environment."),
    },
    result: Group,
    errors: startErrors,
  }),
  'group.list': defineMethod({
    summary: 'Groups, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional(), status: z.array(GroupStatus).optional() },
    result: z.object({ groups: z.array(Group), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'group.get': defineMethod({
    summary: 'One group with its members.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: Group,
    errors: ['NOT_FOUND'],
  }),
  'group.retry': defineMethod({
    summary: 'Starts the members of an ended group that did not succeed again, as new sessions of the same group.',
    access: 'operate',
    effect: 'mutation',
    params: { id, environment: Environment.default({}).describe("The client's own environment; the former one is gone by then.") },
    result: Group,
    errors: ['INVALID_TRANSITION', ...startErrors],
  }),
  'group.cancel': defineMethod({
    summary: 'Ends all members of a group; group.finished tells when the last of their processes is dead.',
    access: 'operate',
    effect: 'mutation',
    params: { id, reason: z.string().min(1).max(limits.nameChars).optional() },
    result: Group,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
};

const counts = { succeeded: z.int(), required: z.int(), members: z.int() };

export const groupEvents = {
  'group.started': defineEvent({
    summary: 'Sessions were started that end together.',
    data: z.object({
      groupId: Id,
      gate: z.string().optional(),
      kind: z.enum(groupKinds),
      required: z.int(),
      sessionIds: z.array(Id).describe('In the order of the members.'),
    }),
  }),
  'group.memberFinished': defineEvent({
    summary: 'The session of a member ended, however it did.',
    data: MemberAttempt.omit({ sessionId: true }).extend({ groupId: Id, member: z.int(), agent: z.string().optional() }),
  }),
  'group.retried': defineEvent({
    summary: 'Members that did not succeed were started again as new sessions: once by the daemon when enough succeeded, else by a call.',
    data: z.object({ groupId: Id, members: z.array(z.object({ member: z.int(), attempt: z.int(), sessionId: Id })) }),
  }),
  'group.cancelRequested': defineEvent({
    summary: 'Somebody asked a group to end.',
    data: z.object({ groupId: Id, reason: z.string() }),
  }),
  'group.degraded': defineEvent({
    summary: 'A group is accepted although not all of its members succeeded: somebody should look at those.',
    data: z.object({ groupId: Id, gate: z.string().optional(), ...counts, failedSessionIds: z.array(Id) }),
  }),
  'group.finished': defineEvent({
    summary: 'A group ended, and nothing of it runs any more.',
    data: z.object({
      groupId: Id,
      gate: z.string().optional(),
      status: GroupStatus,
      outcome: z.enum(groupOutcomes).optional(),
      reason: z.string().optional(),
      ...counts,
    }),
  }),
};
