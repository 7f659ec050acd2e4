// Four work sessions of one spec task, on a real store, with a clock that the test moves.
import { type CoordinationService, createCoordination } from '../../../daemon/coordination/service.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import type { Log } from '../../../daemon/kernel/log.ts';
import type { Store, Writer } from '../../../daemon/store/store.ts';
import type { WorkSessionRecord } from '../../../daemon/store/tables/work-sessions.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectRow, sessionRow } from '../../helpers/open-store.ts';
import { implTaskRow, specTaskId, specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';

export const origin = { actor: 'owner' };
/** The nth work session. */
export const wks = (n: number): string => idOf('wks', n);

export interface Setup extends Disposable {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly coordination: CoordinationService;
  readonly logged: unknown[];
  send(more: Partial<Parameters<CoordinationService['send']>[0]>): ReturnType<CoordinationService['send']>;
  change(n: number, change: Parameters<Writer['workSessions']['change']>[1]): Promise<void>;
  events(): { type: string; data: unknown }[];
}

export async function setUp(rows: Readonly<Record<number, Partial<WorkSessionRecord>>> = {}): Promise<Setup> {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store } = opened;
  const logged: unknown[] = [];
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.specTasks.insert(specTaskRow(1));
    w.specTasks.insert(specTaskRow(2));
    for (const n of [1, 2, 3, 4]) {
      w.sessions.insert(sessionRow(n));
      w.implTasks.insert(implTaskRow(n));
      w.workSessions.insert(workSessionRow(n, { sessionId: idOf('ses', n), implTaskId: idOf('imp', n), ...rows[n] }));
    }
  });
  const coordination = coordinationOf({ store, clock, logged });
  return {
    ...{ store, clock, coordination, logged },
    send: (more) => coordination.send({ specTaskId, type: 'notification', to: [], body: 'Hello', data: {}, ...more }, origin),
    change: (n, change) => store.write((w) => void w.workSessions.change(wks(n), change)),
    events: () =>
      store.read((r) => r.events.page(0, 200)).map(({ type, text }) => ({ type, data: (JSON.parse(text) as { data: unknown }).data })),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

/** What a daemon that starts on this store has. */
export function coordinationOf({ store, clock, logged }: { store: Store; clock: ManualClock; logged: unknown[] }): CoordinationService {
  const log = { error: (...told: unknown[]) => void logged.push(told) } as unknown as Log;
  return createCoordination({ store, clock, ids: createIds(clock), log });
}
