import { describe, expect, test } from 'vitest';
import type { EventType, LoginStatus } from '../../../schemas/index.ts';
import { FakeDaemon } from '../helpers/fake-daemon.ts';
import { inProcess, startInProcess } from '../helpers/in-process.ts';
import { login } from '../helpers/policy-cases.ts';

/** A daemon on which a login ends so, as soon as it is told to. */
async function ending(status: LoginStatus, reason?: string) {
  let ended = false;
  const daemon = await FakeDaemon.started({
    'auth.start': () => login,
    'auth.status': () => ({ provider: 'hub', loggedIn: false, login: ended ? { ...login, status, ...(reason ? { reason } : {}) } : login }),
    'auth.cancel': () => {
      end();
      return login;
    },
  });
  const end = (): void => {
    ended = true;
    // Of another login: no end of this one.
    daemon.emit('auth.granted', { flowId: 'flw_00000000000000000000000009', provider: 'other' });
    daemon.emit(`auth.${status}` as EventType & `auth.${string}`, { flowId: login.flowId, provider: 'hub', reason: reason ?? 'x' });
  };
  return { daemon, end, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

const shown = `Open ${login.verificationUri} and enter the code ABCD-EFGH\nor open ${login.verificationUriComplete}\n`;

describe('auth login', () => {
  test.each([
    { status: 'granted', code: 0, prints: 'hub granted\n', warns: '' },
    { status: 'denied', code: 1, prints: '', warns: 'coppice: The login at "hub" was denied.\n' },
    { status: 'failed', code: 1, prints: '', warns: 'coppice: The login at "hub" failed: invalid_client.\n' },
    { status: 'expired', code: 124, prints: '', warns: 'coppice: The login at "hub" expired before anybody confirmed it.\n' },
    { status: 'cancelled', code: 130, prints: '', warns: 'coppice: The login at "hub" was cancelled.\n' },
  ] as const)('shows the code, waits and exits with $code when it was $status', async ({ status, code, prints, warns }) => {
    await using setup = await ending(status, status === 'failed' ? 'invalid_client' : undefined);
    const run = startInProcess(setup.daemon, ['auth', 'login', 'hub']);
    await run.printed('or open');
    setup.end();
    expect(await run.done).toEqual({ code, stdout: shown + prints, stderr: warns });
    expect(setup.daemon.calls.find(({ method }) => method === 'auth.start')?.params).toEqual({ provider: 'hub' });
  });

  test('prints two documents with --json, the login as it waits and as it ended', async () => {
    await using setup = await ending('granted');
    const run = startInProcess(setup.daemon, ['auth', 'login', 'hub', '--json']);
    await run.printed('\n');
    setup.end();
    const { stdout } = await run.done;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ status: 'pending' }, { status: 'granted' }]);
  });

  test('an end that came between the start and the subscription is not missed', async () => {
    await using setup = await ending('granted');
    const { daemon } = setup;
    const { 'auth.start': start } = daemon.script;
    daemon.script = {
      ...daemon.script,
      'auth.start': (params, call) => {
        setup.end();
        return start?.(params, call) ?? login;
      },
    };
    expect(await inProcess(daemon, ['auth', 'login', 'hub'])).toMatchObject({ code: 0 });
  });

  test('Ctrl-C cancels the login', async () => {
    await using setup = await ending('cancelled');
    const run = startInProcess(setup.daemon, ['auth', 'login', 'hub']);
    await run.printed('or open');
    process.emit('SIGINT');
    expect((await run.done).code).toBe(130);
    expect(setup.daemon.calls.find(({ method }) => method === 'auth.cancel')?.params).toEqual({ flowId: login.flowId });
  });
});
