import { expect, test } from 'vitest';
import { decideTerminal, decideWorktree, terminalAsksTouched, worktreeAsksTouched } from '../../../daemon/sessions/keep.ts';
import type { EndStatus } from '../../../daemon/sessions/machine.ts';
import { keepPolicies } from '../../../schemas/command.ts';

const outcomes: readonly EndStatus[] = ['succeeded', 'failed', 'cancelled', 'lost'];

/** For each policy: kept after these outcomes when untouched, and when touched. */
const table = {
  always: [outcomes, outcomes],
  on_success: [['succeeded'], ['succeeded']],
  on_failure: [
    ['failed', 'cancelled', 'lost'],
    ['failed', 'cancelled', 'lost'],
  ],
  if_dirty: [[], outcomes],
  never: [[], []],
} as const satisfies Record<(typeof keepPolicies)[number], readonly [readonly EndStatus[], readonly EndStatus[]]>;

test.each(keepPolicies)('the policy %s keeps by outcome and change alone, for worktree and terminal', (policy) => {
  for (const [touched, kept] of [
    [false, table[policy][0]],
    [true, table[policy][1]],
  ] as const) {
    for (const outcome of outcomes) {
      for (const attached of [false, true]) {
        for (const explicit of [false, true]) {
          const wanted = { keep: (kept as readonly EndStatus[]).includes(outcome), reason: policy };
          expect(decideWorktree(policy, explicit, { outcome, touched, attached })).toEqual(wanted);
          expect(decideTerminal(policy, explicit, { outcome, touched, attached })).toEqual(wanted);
        }
      }
    }
  }
});

test.each(outcomes)(
  'without a policy, after %s: what a step made stays, what the lifecycle made goes unless something is lost with it',
  (outcome) => {
    const facts = (touched: boolean, attached: boolean) => ({ outcome, touched, attached });
    expect(decideWorktree(undefined, true, facts(false, false))).toEqual({ keep: true, reason: 'always' });
    expect(decideWorktree(undefined, false, facts(true, false))).toEqual({ keep: true, reason: 'dirty' });
    expect(decideWorktree(undefined, false, facts(false, true))).toEqual({ keep: false, reason: 'untouched' });
    expect(decideTerminal(undefined, true, facts(false, false))).toEqual({ keep: true, reason: 'always' });
    expect(decideTerminal(undefined, false, facts(false, true))).toEqual({ keep: true, reason: 'attached' });
    expect(decideTerminal(undefined, false, facts(true, false))).toEqual({ keep: false, reason: 'nobody_attached' });
  },
);

test('git is asked about a worktree exactly where its answer makes a difference', () => {
  for (const policy of [undefined, ...keepPolicies]) {
    for (const explicit of [false, true]) {
      const matters = (decide: typeof decideWorktree): boolean =>
        outcomes.some((outcome) => {
          const [untouched, touched] = [false, true].map((is) => decide(policy, explicit, { outcome, touched: is, attached: false }));
          return untouched?.keep !== touched?.keep;
        });
      expect({ policy, explicit, asks: worktreeAsksTouched(policy, explicit) }).toEqual({
        policy,
        explicit,
        asks: matters(decideWorktree),
      });
      expect({ policy, explicit, asks: terminalAsksTouched(policy) }).toEqual({ policy, explicit, asks: matters(decideTerminal) });
    }
  }
});
