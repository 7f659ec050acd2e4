// A few rows in every table, through the store's own writers.
import type { Store } from '../../daemon/store/store.ts';
import {
  artifactRow,
  decisionRow,
  flowRow,
  groupRow,
  idOf,
  memberRow,
  projectId,
  projectRow,
  sessionRow,
  stepRow,
  terminalRow,
  tokenRow,
  worktreeRow,
} from './open-store.ts';
import { writeSampleTaskRows } from './sample-task-rows.ts';

export async function writeSampleRows(store: Store): Promise<void> {
  await store.write((w) => {
    w.meta.set('epoch', 'abc123def456');
    w.meta.set('clean_stop', '1');
    w.projects.insert(projectRow());
    w.worktrees.insert(worktreeRow(1, { sessionId: idOf('ses', 1) }));
    w.worktrees.insert(worktreeRow(2));
    w.worktrees.markRemoved(idOf('wt', 2), 20);
    w.sessions.insert(sessionRow(1, { kind: 'worktree', status: 'running', arguments: { target: "o'brien", count: 2 }, startedAt: 2 }));
    w.sessions.change(idOf('ses', 1), { worktreeId: idOf('wt', 1), branch: 'topic-1', deadlineAt: 99 });
    w.sessions.insert(sessionRow(2, { status: 'failed', reason: 'exit', error: 'Step "x" failed.', startedAt: 2, endedAt: 3 }));
    w.sessions.setData(idOf('ses', 1), 'branch_name', 'topic-1', 4);
    w.steps.insert(
      stepRow(1, { status: 'succeeded', exitCode: 0, startedAt: 2, endedAt: 3, outputPath: '/x/logs/001.log', outputSize: 12 }),
    );
    w.steps.insert(stepRow(2));
    w.terminals.insert(terminalRow(1, { sessionId: idOf('ses', 1), worktreeId: idOf('wt', 1) }));
    w.terminals.insert(terminalRow(2));
    w.terminals.end(idOf('trm', 2), 'ended', 'killed', 5);
    w.groups.insert(groupRow(1, { status: 'failed', reason: 'not_enough', endedAt: 3 }));
    w.groups.addMember(memberRow(1, { sessionId: idOf('ses', 2), slug: 'build-2' }));
    w.groups.endMember(idOf('ses', 2), { status: 'failed', reason: 'exit' });
    w.artifacts.put(artifactRow(1));
    w.artifacts.put(artifactRow(2, { sessionId: idOf('ses', 2) }));
    w.archives.put({
      ...{ sessionId: idOf('ses', 2), path: '/state/artifacts/demo/build-2.tar.gz', sizeBytes: 9, sha256: 'd'.repeat(64), files: 1 },
      ...{ state: 'replaced', archivedAt: 6 },
    });
    w.tokens.insert(tokenRow(1, { scopes: ['read', 'operate'], expiresAt: 1_000_000 }));
    w.tokens.insert(tokenRow(2, { scopes: ['session'], sessionId: idOf('ses', 1) }));
    w.receipts.put({ key: '["owner","k1"]', method: 'session.start', paramsSha256: 'c'.repeat(64), result: { id: idOf('ses', 1) } });
    w.policyDecisions.insert(decisionRow(1), 10);
    w.authFlows.insert(flowRow(1), 10);
    w.authFlows.end(idOf('flw', 1), 'denied', undefined, 6);
    writeSampleTaskRows(w);
    const subject = { projectId, sessionId: idOf('ses', 1), worktreeId: idOf('wt', 1) };
    const data = { slug: 'build-1', commandName: 'build', kind: 'worktree', status: 'queued' } as const;
    w.events.append({ type: 'session.created', subject, actor: 'owner', data });
    w.events.append({ type: 'session.started', subject, actor: 'daemon', data: { ...data, status: 'preparing' } });
  });
}
