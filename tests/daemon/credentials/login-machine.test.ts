import { expect, test } from 'vitest';
import { afterAnswer, firstQuestionAt, isOver, type LoginState } from '../../../daemon/credentials/login-machine.ts';
import type { TokenAnswer } from '../../../daemon/tools/oauth.ts';

const state: LoginState = { intervalSeconds: 5, expiresAt: 600_000, failures: 0 };

/** Pauses between questions, in seconds, when the server gives these answers. */
function pauses(answers: readonly TokenAnswer['kind'][]): number[] {
  let now = 0;
  let at = state;
  return answers.map((kind) => {
    const step = afterAnswer(at, { kind, message: 'x' } as TokenAnswer, now);
    if (step.do !== 'wait') throw new Error(`it ended at ${kind}`);
    const pause = (step.askAt - now) / 1000;
    now = step.askAt;
    at = { ...at, intervalSeconds: step.intervalSeconds, failures: step.failures };
    return pause;
  });
}

test('slow_down adds five seconds each time, for good', () => {
  expect(pauses(['pending', 'slowDown', 'pending', 'slowDown', 'pending'])).toEqual([5, 10, 10, 15, 15]);
});

test('errors of the network back off, up to a minute, and the first answer ends that', () => {
  expect(pauses(['unreachable', 'unreachable', 'unreachable', 'unreachable', 'unreachable', 'pending'])).toEqual([10, 20, 40, 60, 60, 5]);
});

test('a pause is never shorter than what the server asked for, and ends with the login', () => {
  const slow = { ...state, intervalSeconds: 90 };
  expect(afterAnswer(slow, { kind: 'unreachable', message: '' }, 0)).toMatchObject({ askAt: 90_000 });
  expect(afterAnswer(slow, { kind: 'pending' }, 580_000)).toMatchObject({ askAt: 600_000 });
  expect(firstQuestionAt(state, 598_000)).toBe(600_000);
  expect([isOver(state, 599_999), isOver(state, 600_000)]).toEqual([false, true]);
});

test('every other answer is an end', () => {
  const end = (answer: TokenAnswer) => afterAnswer(state, answer, 0);
  expect(end({ kind: 'denied' })).toEqual({ do: 'end', status: 'denied' });
  expect(end({ kind: 'expired' })).toEqual({ do: 'end', status: 'expired' });
  expect(end({ kind: 'refused', error: 'invalid_client' })).toEqual({ do: 'end', status: 'failed', reason: 'invalid_client' });
  expect(end({ kind: 'tokens', tokens: { accessToken: 'a', tokenType: 'bearer' } })).toMatchObject({ do: 'grant' });
});
