import { describe, expect, test } from 'vitest';
import type { CommandDefinition, CommandStep } from '../../../daemon/commands/definition.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { assertLegal, hasEnded, nextWork, skippedReason, type Verdict, verdictOf } from '../../../daemon/sessions/machine.ts';
import { type Part, partOf, positionIn } from '../../../daemon/sessions/positions.ts';
import { cleanupRows, initialRows } from '../../../daemon/sessions/rows.ts';
import type { StepRecord } from '../../../daemon/store/tables/step-runs.ts';
import { sessionStatuses } from '../../../schemas/session.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, stepRow } from '../../helpers/open-store.ts';

const letters = { a: 'acquire', b: 'body', c: 'cleanup', f: 'finally', r: 'release' } as const satisfies Record<string, Part>;
const signs = { '.': 'pending', '>': 'running', '+': 'succeeded', '-': 'failed', x: 'cancelled', '?': 'lost', s: 'skipped' } as const;

/** `a+ b+ b- f.`: the rows of a session, a part and a state each. A `!` behind one says that it may fail. */
function rowsOf(text: string): { steps: StepRecord[]; tolerates: (step: StepRecord) => boolean } {
  const words = text.split(' ').filter(Boolean);
  const steps = words.map((word, index) => {
    const part = letters[word[0] as keyof typeof letters];
    const phase = part === 'body' ? 'main' : part === 'cleanup' || part === 'finally' ? part : 'lifecycle';
    return stepRow(index + 1, { position: positionIn(part, index), phase, status: signs[word[1] as keyof typeof signs], name: word });
  });
  return { steps, tolerates: (step) => step.name.endsWith('!') };
}

const plain = { status: 'running' } as const;
const asked = { ...plain, cancelRequestedAt: 5, cancelReason: 'enough' } as const;
const abandoned = (verdict: Verdict) => ({ ...plain, verdict: JSON.stringify(verdict) });
const failed: Verdict = { status: 'failed', reason: 'exit' };
const cancelled: Verdict = { status: 'cancelled', reason: 'cancelled' };

describe('what comes next', () => {
  test.each([
    ['nothing has begun', plain, 'a. a. b. r.', 'run', 'a.'],
    ['acquiring is through', plain, 'a+ b. b. r.', 'run', 'b.'],
    ['a row was running when the daemon died', plain, 'a+ b> b. r.', 'resume', 'b>'],
    ['the same, though a cancel came meanwhile', asked, 'a+ b> b. r.', 'resume', 'b>'],
    ['a failure that is tolerated', plain, 'a+ b-! b. r.', 'run', 'b.'],
    ['the body is through', plain, 'a+ b+ f. r.', 'run', 'f.'],
    ['a finally step failed: release goes on', plain, 'a+ b+ f- r.', 'run', 'r.'],
    ['after a failure cleanup comes first', abandoned(failed), 'a+ b- bs c. c. f. r.', 'run', 'c.'],
    ['a cleanup step failed: the next runs all the same', abandoned(failed), 'a+ b- bs c- c. f. r.', 'run', 'c.'],
    ['after cleanup, finally', abandoned(failed), 'a+ b- bs c+ f. r.', 'run', 'f.'],
    ['cancelled: cleanup and release run', { ...asked, ...abandoned(cancelled) }, 'a+ bx bs c+ f+ r. r.', 'run', 'r.'],
    ['resources are released one after another', plain, 'a+ a+ b+ r+ r.', 'run', 'r.'],
    ['a cancel while finally runs waits for nothing', asked, 'a+ b+ f. r.', 'run', 'f.'],
  ])('%s', (_, session, text, wanted, name) => {
    const { steps, tolerates } = rowsOf(text);
    const work = nextWork(session, steps, tolerates);
    expect(work.do).toBe(wanted);
    expect('step' in work && work.step).toBe(steps.find((step) => step.name === name));
  });

  test.each([
    ['a step failed', plain, 'a+ b- b. f. r.', 'abandon', 'failed'],
    ['a step was lost', plain, 'a+ b? b. r.', 'abandon', 'lost'],
    ['acquiring failed: the body never begins', plain, 'a- a. b. r.', 'abandon', 'failed'],
    ['a cancel came while steps wait', asked, 'a+ b+ b. r.', 'abandon', 'cancelled'],
    ['a cancel ended the running step', asked, 'a+ bx r.', 'abandon', 'cancelled'],
    ['all is through', plain, 'a+ b+ f+ r+', 'finish', 'succeeded'],
    ['nothing to do at all', plain, '', 'finish', 'succeeded'],
    ['a release failed: the command did not', plain, 'a+ b+ r-', 'finish', 'succeeded'],
    ['a cancel came when the body was through', asked, 'a+ b+ r+', 'finish', 'succeeded'],
    ['the verdict that was settled stays', abandoned(failed), 'a+ b- bs c- f- r-', 'finish', 'failed'],
    ['the settled verdict stays when a cancel comes in cleanup', { ...asked, ...abandoned(failed) }, 'a+ b- bs c+ r+', 'finish', 'failed'],
  ])('%s', (_, session, text, wanted, status) => {
    const { steps, tolerates } = rowsOf(text);
    expect(nextWork(session, steps, tolerates)).toMatchObject({ do: wanted, verdict: { status } });
  });

  test('a session driven to its end runs every row once, in order, whatever fails', () => {
    const { steps, tolerates } = rowsOf('a. a. b. b. f. r. r.');
    const ran: string[] = [];
    let rows = steps;
    let session: Parameters<typeof nextWork>[0] = plain;
    for (let work = nextWork(session, rows, tolerates); work.do !== 'finish'; work = nextWork(session, rows, tolerates)) {
      if (work.do === 'abandon') {
        session = abandoned(work.verdict);
        rows = rows.map((row) =>
          row.status === 'pending' && partOf(row) === 'body' ? { ...row, status: 'skipped', reason: skippedReason } : row,
        );
        continue;
      }
      const { step } = work;
      ran.push(partOf(step));
      rows = rows.map((row) => (row === step ? { ...row, status: partOf(row) === 'body' ? 'failed' : 'succeeded' } : row));
    }
    expect(ran).toEqual(['acquire', 'acquire', 'body', 'finally', 'release', 'release']);
    expect(rows.map(({ status }) => status)).toEqual([
      'succeeded',
      'succeeded',
      'failed',
      'skipped',
      'succeeded',
      'succeeded',
      'succeeded',
    ]);
  });
});

describe('how it ends', () => {
  test('the first failure that is not tolerated is told, with its reason, exit code and error', () => {
    const { steps, tolerates } = rowsOf('a+ b-! b- b-');
    const [, , second] = steps;
    const rows = steps.map((step) =>
      step === second ? { ...step, name: 'compile', reason: 'signal', exitCode: 3, error: 'It broke.' } : step,
    );
    expect(verdictOf(plain, rows, tolerates)).toEqual({
      status: 'failed',
      reason: 'signal',
      error: 'Step "compile" failed: It broke.',
      exitCode: 3,
    });
  });

  test('without a reason of its own a failure is an exit, and a lost step makes a lost session', () => {
    const { steps, tolerates } = rowsOf('b?');
    expect(verdictOf(plain, steps, tolerates)).toEqual({ status: 'lost', reason: 'exit', error: 'Step "b?" was lost.' });
  });

  test('a cancel is told with the reason that was given, else as cancelled', () => {
    const { steps, tolerates } = rowsOf('b+ b.');
    expect(verdictOf(asked, steps, tolerates)).toEqual({ status: 'cancelled', reason: 'enough' });
    expect(verdictOf({ ...plain, cancelRequestedAt: 5 }, steps, tolerates)).toEqual({ status: 'cancelled', reason: 'cancelled' });
  });

  test('a cancel wins over a failure while steps wait, and loses when the body is over', () => {
    const { tolerates } = rowsOf('');
    expect(verdictOf(asked, rowsOf('b- b.').steps, tolerates).status).toBe('cancelled');
    expect(verdictOf(asked, rowsOf('b+ b-').steps, tolerates).status).toBe('failed');
  });

  test('cleanup, finally and release change no verdict', () => {
    const { steps, tolerates } = rowsOf('a+ b+ c- f- r- r?');
    expect(verdictOf(plain, steps, tolerates)).toEqual({ status: 'succeeded' });
  });
});

test.each(sessionStatuses)('what is legal for a session that is %s', (status) => {
  const session = { slug: 'build-1', status };
  const legal = (action: 'cancel' | 'remove'): boolean => {
    try {
      assertLegal(action, session);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ kind: 'INVALID_TRANSITION', details: { from: status, allowed: expect.not.arrayContaining([status]) } });
      return false;
    }
  };
  const ended = ['succeeded', 'failed', 'cancelled', 'lost'].includes(status);
  expect(hasEnded(status)).toBe(ended);
  expect([legal('cancel'), legal('remove')]).toEqual([!ended, ended]);
});

const step = (index: number, phase: CommandStep['phase']): CommandStep => ({
  index,
  phase,
  name: `${phase} ${index}`,
  type: 'shell',
  action: 'true',
  args: {},
  env: {},
  continueOnError: false,
});
const definition: CommandDefinition = {
  name: 'build',
  description: '',
  category: '',
  abstract: false,
  arguments: [],
  environment: {},
  steps: [step(1, 'pre'), step(2, 'main'), step(3, 'post')],
  cleanupSteps: [step(4, 'cleanup')],
  finallySteps: [step(5, 'finally')],
  worktree: { declared: false },
  session: { declared: false, environment: {}, windows: [] },
  requires: [],
};

test.each([
  ['standard', ['pre 1', 'main 2', 'post 3', 'finally 5']],
  ['session', ['acquire terminal', 'pre 1', 'main 2', 'post 3', 'finally 5', 'release terminal']],
  ['worktree', ['acquire worktree', 'acquire terminal', 'pre 1', 'main 2', 'post 3', 'finally 5', 'release terminal', 'release worktree']],
] as const)('the rows of kind %s: acquired in order, released in reverse, cleanup only when something failed', (kind, names) => {
  const options = { sessionId: idOf('ses', 1), definition, kind, builtins: [], ids: createIds(createManualClock()) };
  const rows = initialRows(options);
  expect(rows.map(({ name }) => name)).toEqual(names);
  expect(rows.map(({ position }) => position)).toEqual(rows.map(({ position }) => position).toSorted((a, b) => a - b));
  expect(rows.filter(({ phase }) => phase === 'lifecycle').every(({ index, runIn }) => index === 0 && runIn === 'daemon')).toBe(true);
  const all = [...rows, ...cleanupRows(options)].toSorted((a, b) => a.position - b.position);
  expect(new Set(all.map(({ position }) => position)).size).toBe(all.length);
  expect(all.map(({ name }) => name).indexOf('cleanup 4')).toBe(all.map(({ name }) => name).indexOf('finally 5') - 1);
});
