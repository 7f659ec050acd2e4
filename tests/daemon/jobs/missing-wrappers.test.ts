import { expect, test } from 'vitest';
import { createMissingWrappers } from '../../../daemon/jobs/missing-wrappers.ts';
import type { TmuxPane } from '../../../daemon/tools/tmux.ts';
import { Failure } from '../../../schemas/errors.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow, terminalRow } from '../../helpers/open-store.ts';

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
    tmux: { listPanes: async () => [] },
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

test('of a wrapper that told no pids its window says whether it lives', async () => {
  using db = openTestStore();
  const terminalId = idOf('trm', 1);
  await db.store.write((w) => {
    w.projects.insert(projectRow());
    w.terminals.insert(terminalRow(1));
    w.sessions.insert(sessionRow(1, { status: 'running', terminalId }));
    for (const [n, paneId] of ['%1', '%2', '%3', '%4'].entries()) {
      w.steps.insert(stepRow(n + 1, { sessionId: idOf('ses', 1), status: 'running', runIn: 'tmux', position: n }));
      w.steps.change(idOf('stp', n + 1), { paneId });
    }
    // Whose window is not known yet, and who has none.
    w.steps.insert(stepRow(5, { sessionId: idOf('ses', 1), status: 'running', runIn: 'tmux', position: 5 }));
    w.steps.insert(stepRow(6, { sessionId: idOf('ses', 1), status: 'running', runIn: 'process', position: 6 }));
  });
  const [lives, dead, , told] = [1, 2, 3, 4].map((n) => idOf('stp', n));
  const lost: string[] = [];
  let looked = 0;
  const asked: unknown[] = [];
  let answer = async (): Promise<TmuxPane[]> => [
    { paneId: '%1', pid: 1 } as TmuxPane,
    // Something that holds its terminal open.
    { paneId: '%2', pid: 2 } as TmuxPane,
  ];
  const look = createMissingWrappers({
    store: db.store,
    stepFiles: {
      // The fourth tells them while its window is looked for.
      readPids: async (id) => (id === told && ++looked > 1 ? { wrapperPid: 1, childPid: 2 } : undefined),
      readExit: async (id) => (lost.includes(id) ? { kind: 'lost' } : undefined),
      markLost: async (id) => void lost.push(id),
    },
    tmux: {
      listPanes: (terminal) => {
        asked.push((terminal as { id?: string }).id);
        return answer();
      },
    },
    isAliveNow: (pid) => pid === 1,
  });
  await look();
  expect(lost).toEqual([dead, idOf('stp', 3)]);
  expect(new Set(asked)).toEqual(new Set([terminalId]));
  answer = () => Promise.reject(new Failure('UNAVAILABLE', 'tmux says nothing'));
  await expect(look()).rejects.toThrow('tmux says nothing');
  expect(lost).not.toContain(lives);
  answer = () => Promise.reject(new Failure('NOT_FOUND', 'the terminal is gone'));
  await look();
  expect(lost).toEqual([dead, idOf('stp', 3), lives]);
});
