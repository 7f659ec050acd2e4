// What an answer of the server means for a login. Pure.
import type { LoginStatus } from '../../schemas/auth.ts';
import { limits } from '../../schemas/limits.ts';
import type { TokenAnswer, TokenSet } from '../tools/oauth.ts';

export interface LoginState {
  readonly intervalSeconds: number;
  readonly expiresAt: number;
  /** Questions in a row that nobody answered. */
  readonly failures: number;
}

export type LoginStep =
  | { readonly do: 'wait'; readonly intervalSeconds: number; readonly failures: number; readonly askAt: number }
  | { readonly do: 'grant'; readonly tokens: TokenSet }
  | { readonly do: 'end'; readonly status: Exclude<LoginStatus, 'pending' | 'granted'>; readonly reason?: string };

/** By this many seconds the server asks to slow down, each time for good (RFC 8628). */
const slowDownSeconds = 5;

/** When a login is asked about first. */
export function firstQuestionAt(state: Omit<LoginState, 'failures'>, now: number): number {
  return Math.min(now + state.intervalSeconds * 1000, state.expiresAt);
}

export function isOver({ expiresAt }: Pick<LoginState, 'expiresAt'>, now: number): boolean {
  return now >= expiresAt;
}

export function afterAnswer(state: LoginState, answer: TokenAnswer, now: number): LoginStep {
  const wait = (intervalSeconds: number, failures: number, pauseSeconds = intervalSeconds): LoginStep => ({
    ...{ do: 'wait', intervalSeconds, failures },
    askAt: Math.min(now + pauseSeconds * 1000, state.expiresAt),
  });
  const { intervalSeconds } = state;
  switch (answer.kind) {
    case 'tokens':
      return { do: 'grant', tokens: answer.tokens };
    case 'pending':
      return wait(intervalSeconds, 0);
    case 'slowDown':
      return wait(Math.min(intervalSeconds + slowDownSeconds, limits.authIntervalSeconds), 0);
    case 'unreachable': {
      const failures = state.failures + 1;
      return wait(
        intervalSeconds,
        failures,
        Math.max(intervalSeconds, Math.min(intervalSeconds * 2 ** failures, limits.authBackoffSeconds)),
      );
    }
    case 'denied':
    case 'expired':
      return { do: 'end', status: answer.kind };
    case 'refused':
      return { do: 'end', status: 'failed', reason: answer.error };
  }
}
