import { expect, test } from 'vitest';
import { createMissingWrappers } from '../../../daemon/jobs/missing-wrappers.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow } from '../../helpers/open-store.ts';

test('a wrapper that died without a word is told as lost, and pids are read once an attempt', async () => {
  using db = openTestStore();
  await db.store.write((w) => {
    w.projects.insert(projectRow());
    w.sessions.insert(sessionRow(1, { status: 'running' }));
    w.sessions.insert(sessionRow(2, { status: 'failed', endedAt: 5 }));
    w.steps.insert(stepRow(1, { sessionId: idOf('ses', 1), status: 'running', runIn: 'tmux', attempt: 1 }));
    w.steps.insert(stepRow(2, { sessionId: idOf('ses', 1), status: 'running', runIn: 'daemon', position: 2 }));
    w.steps.insert(stepRow(3, { sessionId: idOf('ses', 1), status: 'pending', runIn: 'tmux', position: 3 }));
    w.steps.insert(stepRow(4, { sessionId: idOf('ses', 2), status: 'running', runIn: 'tmux' }));
  });
  const reads: string[] = [];
  const lost: string[] = [];
  const exits = new Set<string>();
  let alive = true;
  const look = createMissingWrappers({
    store: db.store,
    stepFiles: {
      readPids: async (id) => {
        reads.push(id);
        return { wrapperPid: 7, childPid: 8, wrapperStart: 9 };
      },
      readExit: async (id) => (exits.has(id) ? { kind: 'exit', code: 0 } : undefined),
      markLost: async (id) => void lost.push(id),
    },
    isAliveNow: (pid, start) => alive && pid === 7 && start === 9,
  });
  const id = idOf('stp', 1);
  await look();
  await look();
  expect(reads).toEqual([id]);
  alive = false;
  exits.add(id);
  await look();
  expect(lost).toEqual([]);
  exits.clear();
  await look();
  expect(lost).toEqual([id]);
  await db.store.write((w) => w.steps.change(id, { attempt: 2 }));
  await look();
  expect(reads).toEqual([id, id]);
});
