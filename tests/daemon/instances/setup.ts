// One spec task with two work sessions, an instance, and a clock that the test moves.
import { createAttentionService } from '../../../daemon/attention/service.ts';
import type { ApplyDeps } from '../../../daemon/instances/host-events.ts';
import type { Threads } from '../../../daemon/instances/threads.ts';
import { createThreads } from '../../../daemon/instances/threads.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import type { Store } from '../../../daemon/store/store.ts';
import type { InstanceRecord, PromptRecord, ThreadRecord } from '../../../daemon/store/tables/instances.ts';
import type { SpecTaskRecord } from '../../../daemon/store/tables/spec-tasks.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectRow, sessionRow } from '../../helpers/open-store.ts';
import { specTaskId, specTaskRow, workSessionRow } from '../../helpers/spec-task-rows.ts';

export const owner = { actor: 'owner' };

export interface Setup extends Disposable {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly threads: Threads;
  readonly deps: ApplyDeps & { readonly store: Store };
  /** What an agent's requests get without a human. */
  permissions: 'ask' | 'allow' | 'reject';
  readonly instance: InstanceRecord;
  readonly thread: ThreadRecord;
  prompts(): PromptRecord[];
  ensure(n?: number): Promise<ThreadRecord>;
  enqueue(content?: string): Promise<PromptRecord>;
  events(type?: string): Record<string, unknown>[];
}

export async function setUp(task: Partial<SpecTaskRecord> = {}): Promise<Setup> {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store } = opened;
  const ids = createIds(clock);
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.specTasks.insert(specTaskRow(1, task));
    for (const n of [1, 2]) {
      w.sessions.insert(sessionRow(n));
      w.workSessions.insert(workSessionRow(n, { sessionId: idOf('ses', n) }));
    }
  });
  const attention = createAttentionService({ store, clock, ids });
  const threads = createThreads({ clock, ids, attention });
  const setup: Setup = {
    ...{ store, clock, threads, permissions: 'ask' },
    deps: { store, clock, ids, attention, threads, permissionsOf: () => setup.permissions },
    get instance() {
      return store.read((r) => r.instances.list(specTaskId, false, '~', 1))[0] as InstanceRecord;
    },
    get thread() {
      return store.read((r) => r.threads.ofWorkSession(idOf('wks', 1))) as ThreadRecord;
    },
    prompts: () => store.read((r) => r.prompts.list(idOf('wks', 1), '~', 100)).toReversed(),
    ensure: (n = 1) =>
      store.write((w) => threads.ensure(w, { specTaskId, workSessionId: idOf('wks', n), sessionId: idOf('ses', n), agent: 'fake' })),
    enqueue: (content = 'Do it') =>
      store.write((w) => threads.enqueue(w, { threadId: setup.thread.id, workSessionId: idOf('wks', 1), content, origin: 'owner' })),
    events: (type) =>
      store
        .read((r) => r.events.page(0, 1_000))
        .filter((event) => type === undefined || event.type === type)
        .map(({ text }) => (JSON.parse(text) as { data: Record<string, unknown> }).data),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
  return setup;
}
