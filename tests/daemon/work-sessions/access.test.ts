// Who may say what of a work session: its own agent of itself only, and a token that belongs to nobody nothing.
import { describe, expect, test } from 'vitest';
import type { Services } from '../../../daemon/handlers/services.ts';
import { workSessionHandlers } from '../../../daemon/handlers/work-session.ts';
import type { Call } from '../../../daemon/server/connection.ts';
import { idOf } from '../../helpers/open-store.ts';
import { setUpWork } from '../../helpers/work-setup.ts';

const [mine, other] = [idOf('wks', 1), idOf('wks', 2)];

function callOf(sessionId: string | undefined, access: readonly string[]): Call {
  const caller = { actor: 'somebody', access: new Set(access), ...(sessionId === undefined ? {} : { sessionId }) };
  return { context: { caller } } as unknown as Call;
}

const methods = {
  'workSession.updateStatus': (id: string) => ({ id, progress: 0.5 }),
  'workSession.complete': (id: string) => ({ id, summary: '' }),
  'workSession.requestHelp': (id: string) => ({ id, question: 'Which one?' }),
  'workSession.spawn': (parentId: string) => ({
    ...{ parentId, name: 'Helper', description: '', base: 'integration', mergeInto: 'parent', required: true, dependsOn: [] },
  }),
} as const;

describe.each(Object.keys(methods) as (keyof typeof methods)[])('%s', (method) => {
  const saidBy = async (sessionOf: (own: string) => string | undefined, access: readonly string[], of: string) => {
    await using work = await setUpWork({ items: [{}, {}] });
    for (const n of [1, 2]) {
      await work.turnBegins(n);
      await work.is(n, { status: 'active' });
    }
    const handler = workSessionHandlers({ workSessions: work.service } as Services)[method] as (params: unknown, call: Call) => unknown;
    return await handler(methods[method](of), callOf(sessionOf(work.get(1).sessionId as string), access));
  };

  test('is heard from the session of the work session', async () => {
    await expect(saidBy((own) => own, ['session'], mine)).resolves.toMatchObject({ specTaskId: idOf('spt', 1) });
  });

  test('is heard from an operator', async () => {
    await expect(saidBy(() => undefined, ['operate'], mine)).resolves.toMatchObject({ specTaskId: idOf('spt', 1) });
  });

  test.each([
    ['the session of another one', (own: string) => own, ['session'], other],
    ['the session of another one, though it may operate', (own: string) => own, ['session', 'operate'], other],
    ['a token of no session', () => undefined, ['session'], mine],
  ] as const)('is refused from %s', async (_who, sessionOf, access, of) => {
    await expect(saidBy(sessionOf, access, of)).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  });
});
