// What clients can do with groups. Each method reads, decides and writes; the reactor does the slow work.
import { Failure } from '../../schemas/errors.ts';
import type { Group } from '../../schemas/group.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Environment } from '../sessions/environment.ts';
import type { StartWish } from '../sessions/prepare.ts';
import { orderOf } from '../sessions/view.ts';
import { settle } from '../store/receipts.ts';
import type { Reader } from '../store/store.ts';
import type { GroupFilter, GroupRecord } from '../store/tables/groups.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { startAgain } from './again.ts';
import { assertLegal, requiredOf } from './machine.ts';
import { createGroupReactor, type ReactorDeps } from './reactor.ts';
import { begin, requestCancel } from './transitions.ts';
import { groupView, latestOf } from './view.ts';

export interface NewGroup {
  readonly kind: GroupRecord['kind'];
  readonly required?: number | undefined;
  readonly failFast: boolean;
  readonly timeoutMs?: number | undefined;
  /** In the order of the members. */
  readonly starts: readonly StartWish[];
}

/** What a gate adds. */
export interface GateFacts {
  readonly gate: string;
  /** In the order of the members. */
  readonly agents: readonly string[];
}

export interface GroupService {
  start(wish: NewGroup, origin: Origin, gate?: GateFacts): Promise<Group>;
  list(filter: GroupFilter, cursor: string | undefined, limit: number): { groups: Group[]; nextCursor?: string };
  /** Throws NOT_FOUND. */
  get(id: string): Group;
  retry(id: string, environment: Environment, origin: Origin): Promise<Group>;
  cancel(id: string, reason: string | undefined, origin: Origin): Promise<Group>;
  /** Goes on with what a former daemon left, once its sessions are adopted. */
  resume(): void;
  stop(): Promise<void>;
}

export interface GroupDeps extends ReactorDeps {
  readonly ids: Ids;
}

const runningAgain = { status: 'running', reason: null, cancelRequestedAt: null, endedAt: null } as const;

export function createGroupService(deps: GroupDeps): GroupService {
  const { store, clock, ids, sessions, queue } = deps;
  const reactor = createGroupReactor(deps);

  const find = (r: Reader, id: string): GroupRecord => {
    const found = r.groups.get(id);
    if (found) return found;
    throw new Failure('NOT_FOUND', `There is no group "${id}"; "coppice group list" shows them.`, { details: { entity: 'group', id } });
  };
  const view = (r: Reader, id: string): Group => groupView(r, find(r, id), orderOf(r));
  const deadlineOf = (timeoutMs: number | undefined) => (timeoutMs === undefined ? {} : { deadlineAt: clock.now() + timeoutMs });
  const watched = (group: Group): Group => {
    reactor.watch(store.read((r) => find(r, group.id)));
    return group;
  };
  return {
    async start({ kind, required, failFast, timeoutMs, starts }, { actor, receipt }, gate) {
      const id = ids.next('grp');
      const needed = requiredOf(kind, required, starts.length);
      const wishes = starts.map(({ request, extras }) => ({ request, extras: { ...extras, groupId: id } }));
      const group = await sessions.startTogether(wishes, actor, (w, started) => {
        const record: GroupRecord = {
          ...{
            id,
            projectId: started[0]?.projectId as string,
            kind,
            required: needed,
            failFast,
            status: 'running',
            createdAt: clock.now(),
          },
          ...(gate === undefined ? {} : { gate: gate.gate }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
          ...deadlineOf(timeoutMs),
        };
        begin(w, record, started, gate?.agents ?? [], actor);
        return settle(w, receipt, view(w, id));
      });
      return watched(group);
    },
    list(filter, cursor, limit) {
      return store.read((r) => {
        const { rows, nextCursor } = pageOf(r.groups.list(filter, cursor ?? afterAllIds, limit + 1), limit);
        const order = orderOf(r);
        return { groups: rows.map((row) => groupView(r, row, order)), ...(nextCursor === undefined ? {} : { nextCursor }) };
      });
    },
    get: (id) => store.read((r) => view(r, id)),
    retry: (id, environment, { actor, receipt }) =>
      queue.run(id, async () => {
        const { group, members } = store.read((r) => ({ group: find(r, id), members: latestOf(r.groups.members(id)) }));
        assertLegal('retry', group);
        const again = await startAgain(sessions, {
          ...{ groupId: id, environment, actor },
          members: members.filter(({ status }) => status !== 'succeeded'),
          before: (w) => w.groups.change(find(w, id).id, { ...runningAgain, ...deadlineOf(group.timeoutMs) }),
          after: (w) => settle(w, receipt, view(w, id)),
        });
        return watched(again);
      }),
    cancel: (id, reason = 'cancelled', { actor, receipt }) =>
      queue.run(id, async () => {
        const asked = await store.write((w) => {
          const group = find(w, id);
          assertLegal('cancel', group);
          // What is being ended already ends as it would have.
          if (group.reason === undefined) requestCancel(w, group, reason, actor, clock.now());
          return settle(w, receipt, view(w, id));
        });
        await reactor.move(id);
        return asked;
      }),
    resume: () => reactor.resume(),
    stop: () => reactor.stop(),
  };
}
