import { expect, test } from 'vitest';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import type { Log } from '../../../daemon/kernel/log.ts';
import { createRestoring } from '../../../daemon/worktrees/restoring.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectId, projectRow, worktreeRow } from '../../helpers/open-store.ts';

const log = { warn: () => undefined } as unknown as Log;

test('what a forced removal saved is forgotten after its time, the reference first', async () => {
  using opened = openTestStore();
  const { store, dir } = opened;
  const clock = createManualClock();
  const removedAt = clock.now();
  await store.write((w) => {
    w.projects.insert(projectRow({ gitDir: dir.path }));
    for (const n of [1, 2, 3]) {
      w.worktrees.insert(worktreeRow(n, { status: 'removed' }));
      const at = n === 3 ? removedAt + 1_000 : removedAt;
      w.removedWorktrees.insert({ id: idOf('wt', n), projectId, ref: `refs/${n}`, files: n, removedAt: at });
    }
  });
  const deleted: string[] = [];
  let isBroken = true;
  const git = {
    async deleteSnapshot(_: unknown, ref: string) {
      if (ref === 'refs/2' && isBroken) throw new Failure('TOOL_FAILED', 'no');
      deleted.push(ref);
    },
    restoreSnapshot: () => Promise.reject(new Error('unused')),
    unlockRestored: () => Promise.resolve(false),
  };
  const leases = { regain: () => Promise.reject(new Error('unused')) };
  const restoring = createRestoring({ store, git, clock, log, queue: createKeyedQueue(), leases });
  const left = () => store.read((r) => r.removedWorktrees.list({}, '~', 10).map(({ ref }) => ref));

  expect(await restoring.forgetOld()).toBe(0);
  await clock.advance(limits.removedWorktreesKeptMs + 1);
  expect(await restoring.forgetOld()).toBe(1);
  expect(left()).toEqual(['refs/3', 'refs/2']);
  isBroken = false;
  expect(await restoring.forgetOld()).toBe(1);
  await clock.advance(1_000);
  expect(await restoring.forgetOld()).toBe(1);
  expect(deleted).toEqual(['refs/1', 'refs/2', 'refs/3']);
  expect(left()).toEqual([]);
});
