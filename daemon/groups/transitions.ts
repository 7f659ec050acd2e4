// Each change of a group as one piece: its rows and their events, for use inside a transaction.
import { byDaemon } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { GroupRecord, MemberRecord } from '../store/tables/groups.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import { type GroupEnd, outcomeOf } from './machine.ts';

export function begin(w: Writer, group: GroupRecord, sessions: readonly SessionRecord[], agents: readonly string[], actor: string): void {
  w.groups.insert(group);
  sessions.forEach((session, index) => {
    addMember(w, group.id, session, { member: index + 1, attempt: 1, ...(agents[index] === undefined ? {} : { agent: agents[index] }) });
  });
  const { id: groupId, kind, required, projectId } = group;
  const data = { groupId, kind, required, ...gateOf(group), sessionIds: sessions.map(({ id }) => id) };
  w.events.append({ type: 'group.started', subject: { projectId }, actor, data });
}

/** The sessions stand in the order of the attempts that they follow. */
export function tryAgain(
  w: Writer,
  groupId: string,
  sessions: readonly SessionRecord[],
  former: readonly MemberRecord[],
  actor: string,
): void {
  const members = former.map(({ member, attempt, agent }, index) => {
    const session = sessions[index] as SessionRecord;
    addMember(w, groupId, session, { member, attempt: attempt + 1, ...(agent === undefined ? {} : { agent }) });
    return { member, attempt: attempt + 1, sessionId: session.id };
  });
  const [first] = sessions;
  const subject = first === undefined ? {} : { projectId: first.projectId };
  w.events.append({ type: 'group.retried', subject, actor, data: { groupId, members } });
}

function addMember(w: Writer, groupId: string, session: SessionRecord, place: Pick<MemberRecord, 'member' | 'attempt' | 'agent'>): void {
  w.groups.addMember({ ...place, groupId, sessionId: session.id, slug: session.slug, commandName: session.commandName });
}

export function requestCancel(w: Writer, group: GroupRecord, reason: string, actor: string, now: number): void {
  w.groups.change(group.id, { cancelRequestedAt: now, reason });
  const { id: groupId, projectId } = group;
  w.events.append({ type: 'group.cancelRequested', subject: { projectId }, actor, data: { groupId, reason } });
}

/** `members`: the latest attempts, all of them ended. */
export function finish(w: Writer, group: GroupRecord, members: readonly MemberRecord[], end: GroupEnd, now: number): void {
  const { status, reason } = end;
  w.groups.change(group.id, { status, reason: reason ?? null, endedAt: now });
  const failed = members.filter((member) => member.status !== 'succeeded');
  const { id: groupId, required, projectId } = group;
  const outcome = outcomeOf(status);
  const facts = { groupId, ...gateOf(group), succeeded: members.length - failed.length, required, members: members.length };
  if (status === 'degraded') {
    const data = { ...facts, failedSessionIds: failed.map(({ sessionId }) => sessionId) };
    w.events.append({ type: 'group.degraded', subject: { projectId }, actor: byDaemon.actor, data });
  }
  const data = { ...facts, status, ...(outcome === undefined ? {} : { outcome }), ...(reason === undefined ? {} : { reason }) };
  w.events.append({ type: 'group.finished', subject: { projectId }, actor: byDaemon.actor, data });
}

function gateOf({ gate }: GroupRecord): { gate?: string } {
  return gate === undefined ? {} : { gate };
}
