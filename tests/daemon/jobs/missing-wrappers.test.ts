import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createMissingWrappers } from '../../../daemon/jobs/missing-wrappers.ts';
import { createStepFiles } from '../../../daemon/tools/step-files.ts';
import type { TmuxPane } from '../../../daemon/tools/tmux.ts';
import { Failure } from '../../../schemas/errors.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow, terminalRow } from '../../helpers/open-store.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

test('a wrapper that died without a word is told as lost, whatever it ran, and pids that live are read once', async () => {
  using db = openTestStore();
  using dir = createTempDir();
  const stepFiles = createStepFiles({ dir: dir.path, scriptsDir: '/nonexistent' });
  const tell = (id: string, kind: string, text: string): void => writeFileSync(dir.at(`${id}.${kind}`), text);
  for (const [id, pid] of [
    ['stp_a', 1],
    ['trm_b', 2],
    ['trm_b_w1001', 3],
    ['stp_told', 4],
  ] as const)
    tell(id, 'pid', `${pid} 9 ${pid}00 900\n`);
  tell('stp_told', 'exit', 'exit 7');
  tell('stp_begins', 'spec', '');
  const reads: string[] = [];
  const alive = new Set([100, 200, 300]);
  const look = createMissingWrappers({
    store: db.store,
    stepFiles: {
      ...stepFiles,
      readPids: (id) => {
        reads.push(id);
        return stepFiles.readPids(id);
      },
    },
    tmux: { listPanes: async () => [] },
    isAliveNow: (_, start) => alive.has(start ?? 0),
  });
  const ends = async (): Promise<unknown> =>
    Object.fromEntries(await Promise.all((await stepFiles.listIds()).map(async (id) => [id, (await stepFiles.readExit(id))?.kind])));

  await look();
  await look();
  expect(reads.filter((id) => ['stp_a', 'trm_b', 'trm_b_w1001'].includes(id))).toEqual(['stp_a', 'trm_b', 'trm_b_w1001']);
  expect(await ends()).toEqual({ stp_a: undefined, stp_begins: undefined, stp_told: 'exit', trm_b: undefined, trm_b_w1001: undefined });
  // A second attempt of the step, and an agent in a further window that somebody killed.
  alive.delete(100);
  tell('stp_a', 'pid', '5 9 500 900\n');
  alive.add(500);
  alive.delete(300);
  await look();
  expect(await ends()).toEqual({ stp_a: undefined, stp_begins: undefined, stp_told: 'exit', trm_b: undefined, trm_b_w1001: 'lost' });
  alive.clear();
  await look();
  expect(await ends()).toEqual({ stp_a: 'lost', stp_begins: undefined, stp_told: 'exit', trm_b: 'lost', trm_b_w1001: 'lost' });
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
  const asked: unknown[] = [];
  let answer = async (): Promise<TmuxPane[]> => [
    { paneId: '%1', pid: 1 } as TmuxPane,
    // Something that holds its terminal open.
    { paneId: '%2', pid: 2 } as TmuxPane,
  ];
  const look = createMissingWrappers({
    store: db.store,
    stepFiles: {
      listIds: async () => [],
      // The fourth tells them while its window is looked for.
      readPids: async (id) => (id === told ? { wrapperPid: 1, childPid: 2 } : undefined),
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
