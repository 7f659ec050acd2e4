import { expect, test } from 'vitest';
import { assertUnused } from '../../../daemon/sessions/reuse-worktree.ts';
import type { WorktreeRecord } from '../../../daemon/store/tables/worktrees.ts';
import { idOf, openTestStore, projectRow, sessionRow, worktreeRow } from '../../helpers/open-store.ts';

async function refusal(worktree: Partial<WorktreeRecord>, session: Parameters<typeof sessionRow>[1] = {}): Promise<unknown> {
  using opened = openTestStore();
  const row = worktreeRow(1, worktree);
  await opened.store.write((w) => {
    w.projects.insert(projectRow());
    w.worktrees.insert(row);
    w.sessions.insert(sessionRow(1, { slug: 'maker', ...session }));
  });
  try {
    assertUnused(opened.store, row);
    return undefined;
  } catch (error) {
    return error;
  }
}

test('a worktree that nobody works in may be reused', async () => {
  expect(await refusal({ status: 'present' })).toBeUndefined();
  expect(await refusal({ status: 'present' }, { worktreeId: idOf('wt', 1), status: 'failed', endedAt: 1 })).toBeUndefined();
});

test.each([
  {
    why: 'somebody works in it',
    worktree: { status: 'present' },
    session: { worktreeId: idOf('wt', 1) },
    says: 'Session "maker" works in',
  },
  {
    why: 'a session makes it',
    worktree: { status: 'creating', sessionId: idOf('ses', 1) },
    says: 'is being made by session "maker"; wait',
  },
  { why: 'a call makes it', worktree: { status: 'creating' }, says: 'is being made; start again when it is there' },
] as const)('a worktree is refused while $why', async ({ worktree, says, ...more }) => {
  const message = expect.stringContaining(says);
  expect(await refusal(worktree, 'session' in more ? more.session : {})).toMatchObject({ kind: 'ALREADY_EXISTS', message });
});

test('a worktree whose directory is gone is refused with what to do', async () => {
  expect(await refusal({ status: 'missing' })).toMatchObject({ kind: 'PRECONDITION', message: expect.stringContaining('remove it first') });
});
