import { expect, test } from 'vitest';
import { supervisionOf } from '../../../daemon/root/supervision.ts';

test('what a service manager handed over is taken when it is meant for this process', () => {
  const env = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7', LISTEN_PID: '7', LISTEN_FDS: '1' };
  expect(supervisionOf(env, 7)).toEqual({ notifySocket: '/run/n', watchdogMs: 30_000, listenFd: 3 });
  expect(supervisionOf(env, 8)).toEqual({ notifySocket: '/run/n' });
});

test.each([
  ['nothing', {}],
  ['empty words', { NOTIFY_SOCKET: '', WATCHDOG_USEC: '', LISTEN_PID: '', LISTEN_FDS: '' }],
  ['nonsense', { WATCHDOG_USEC: 'soon', LISTEN_PID: 'x', LISTEN_FDS: 'many' }],
  ['no descriptor', { LISTEN_PID: '7', LISTEN_FDS: '0' }],
])('%s is no supervision', (_, env) => {
  expect(supervisionOf(env, 7)).toEqual({});
});
