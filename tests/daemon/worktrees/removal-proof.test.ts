import { expect, test } from 'vitest';
import { type RemovalFacts, workAtRisk } from '../../../daemon/worktrees/removal-proof.ts';
import { WorkAtRisk } from '../../../schemas/worktree.ts';

const safe: RemovalFacts = {
  worktreePath: '/data/worktrees/p/w',
  mainCheckout: '/home/me/p',
  changedPaths: [],
  commitsNowhereElse: [],
  processes: [],
  liveSessions: [],
};
const commit = { commit: 'a'.repeat(40), subject: 'work' };

test('a clean worktree that nobody uses may go', () => {
  expect(workAtRisk(safe)).toBeUndefined();
  expect(workAtRisk({ ...safe, callerDirectory: '/data/worktrees/p' })).toBeUndefined();
  expect(workAtRisk({ ...safe, callerDirectory: '/data/worktrees/p/w2' })).toBeUndefined();
});

test.each<[string, Partial<RemovalFacts>, RegExp]>([
  ['uncommitted changes', { changedPaths: ['a.txt'] }, /1 path not committed/],
  ['commits that are nowhere else', { commitsNowhereElse: [commit] }, /1 commit neither merged nor pushed/],
  ['a process inside', { processes: [{ pid: 7, command: 'vim' }] }, /1 process/],
  ['a live session', { liveSessions: ['ses_1'] }, /ses_1/],
  ['the main checkout', { mainCheckout: safe.worktreePath }, /main checkout/],
  ['the main checkout inside of it', { mainCheckout: `${safe.worktreePath}/p` }, /main checkout/],
  ['the caller standing in it', { callerDirectory: safe.worktreePath }, /caller/],
  ['the caller standing deeper in it', { callerDirectory: `${safe.worktreePath}/src` }, /caller/],
  ['a lock without a reason', { locked: '' }, /locked;/],
  ['a lock with a reason', { locked: 'on a stick' }, /locked \(on a stick\)/],
])('%s stands against it', (_, facts, reason) => {
  const risk = workAtRisk({ ...safe, ...facts });
  expect(risk?.reasons).toEqual([expect.stringMatching(reason)]);
  expect(WorkAtRisk.parse(risk)).toEqual(risk);
});

test('all reasons are told at once, with what would be lost', () => {
  const processes = [
    { pid: 7, command: 'vim' },
    { pid: 8, command: 'sh' },
  ];
  const risk = workAtRisk({
    ...safe,
    changedPaths: ['a', 'b'],
    commitsNowhereElse: [commit],
    processes,
    liveSessions: ['ses_1'],
    locked: 'x',
  });
  expect(risk).toMatchObject({ paths: ['a', 'b'], commits: [commit], processes });
  expect(risk?.reasons).toHaveLength(5);
});
