// A few rows in every table of spec tasks.
import type { Writer } from '../../daemon/store/store.ts';
import { idOf, projectId } from './open-store.ts';
import { implTaskRow, specTaskId, specTaskRow, workSessionRow } from './spec-task-rows.ts';

export function writeSampleTaskRows(w: Writer): void {
  const workSessionId = idOf('wks', 1);
  const instanceId = idOf('ins', 1);
  const threadId = idOf('thr', 1);
  w.specTasks.insert(specTaskRow(1, { labels: ["o'brien"], estimatedHours: 2.5 }));
  w.specTasks.insert(specTaskRow(2, { status: 'backlog' }));
  w.reviews.insertRevision({
    ...{ id: idOf('rev', 1), specTaskId, number: 1, requirements: '', design: '', plan: '1. Do it', source: 'agent', status: 'approved' },
    ...{ sha256: 'a'.repeat(64), approvals: [{ by: 'owner', at: '2030-01-01T00:00:00.000Z' }], createdAt: 1 },
  });
  w.reviews.insertComment({
    ...{ id: idOf('cmt', 1), specTaskId, revision: 1, document: 'plan', line: 1, body: 'Why?', blocking: true, status: 'resolved' },
    ...{ author: 'owner', replies: [{ author: 'owner', body: 'So.', at: '2030-01-01T00:00:00.000Z' }], createdAt: 1, resolvedAt: 2 },
  });
  w.implTasks.insert(implTaskRow(1));
  w.implTasks.insert(implTaskRow(2, { dependencies: [idOf('imp', 1)], status: 'blocked' }));
  w.workSessions.insert(workSessionRow(1, { implTaskId: idOf('imp', 1), progress: 0.5 }));
  w.instances.insert({
    ...{ id: instanceId, specTaskId, projectId, adapter: 'acp', status: 'ready', pid: 12, restartCount: 1, capabilities: { modes: null } },
    ...{ lastEventSeq: 7, createdAt: 1, version: 1 },
  });
  w.threads.insert({
    ...{ id: threadId, specTaskId, workSessionId, instanceId, agent: 'fake', externalId: 'conversation', status: 'active' },
    ...{ turn: 'running', generation: 1, turns: 2, lastTurnInterrupted: false, ticked: 0.25, createdAt: 1, version: 1 },
    agentState: { state: 'working', source: 'protocol', since: '2030-01-01T00:00:00.000Z' },
  });
  w.prompts.insert({
    ...{ id: idOf('prm', 1), threadId, workSessionId, content: 'Do it', interrupt: false, status: 'accepted', proof: 'it answered' },
    ...{ attempts: 1, origin: 'daemon', createdAt: 1, settledAt: 2 },
  });
  w.permissions.insert({
    ...{ id: idOf('per', 1), threadId, specTaskId, workSessionId, requestKey: '1', title: 'Run it', toolCall: { kind: 'execute' } },
    ...{ options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }], status: 'pending', requestedAt: 1, settled: false },
  });
  w.messages.insert({ id: idOf('msg', 1), specTaskId, type: 'broadcast', body: 'Hear', data: { a: 1 }, createdAt: 1 });
  w.messages.insertDelivery({ id: idOf('msg', 2), messageId: idOf('msg', 1), specTaskId, recipientId: workSessionId, status: 'queued' });
  w.sharedState.insert({ id: idOf('msg', 3), specTaskId, key: 'port', value: 8080, version: 1, updatedBy: 'owner', updatedAt: 1 });
  w.attention.insert({
    id: idOf('att', 1),
    kind: 'permission',
    refId: idOf('per', 1),
    status: 'open',
    title: 'Run it',
    specTaskId,
    raisedAt: 1,
  });
}
