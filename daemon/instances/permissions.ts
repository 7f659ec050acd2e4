// What agents ask before they do something: one object a request, and the first valid answer wins.
import { Failure } from '../../schemas/errors.ts';
import type { Permission } from '../../schemas/permission.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { ResolvedAgent } from '../models/registry.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { PermissionRecord, ThreadRecord } from '../store/tables/instances.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { threadSubject } from './transition.ts';
import { permissionView } from './view.ts';

export interface Asked {
  readonly requestKey: string;
  readonly title: string;
  readonly toolCall: unknown;
  readonly options: Permission['options'];
}

interface Deps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly attention: AttentionService;
}

/** Written once, however often the host tells it. The agent's entry in the registry may answer it at once, by the kind of an option. */
export function recordPermission(
  w: Writer,
  { clock, ids, attention }: Deps,
  thread: ThreadRecord,
  asked: Asked,
  policy: ResolvedAgent['permissions'],
): void {
  if (w.permissions.byKey(thread.id, asked.requestKey)) return;
  const record: PermissionRecord = {
    ...{ id: ids.next('per'), threadId: thread.id, specTaskId: thread.specTaskId, ...asked, status: 'pending' },
    ...{ requestedAt: clock.now(), settled: false, ...(thread.workSessionId === undefined ? {} : { workSessionId: thread.workSessionId }) },
  };
  w.permissions.insert(record);
  const subject = threadSubject(w, thread);
  const data = { permissionId: record.id, threadId: thread.id, title: record.title.slice(0, 500), options: record.options };
  w.events.append({ type: 'permission.requested', subject, actor: byDaemon.actor, data });
  const option = policy === 'ask' ? undefined : optionOf(record.options, policy);
  if (option) {
    decide(w, record, option.optionId, `policy:permissions=${policy}`, clock.now());
    return;
  }
  attention.raise(w, {
    ...{ kind: 'permission', refId: record.id, title: `An agent asks: ${record.title}`.slice(0, 500), specTaskId: thread.specTaskId },
    remedy: `coppice permission answer ${record.id} ${(optionOf(record.options, 'allow') ?? record.options[0])?.optionId ?? ''}`.trim(),
    ...(subject.projectId === undefined ? {} : { projectId: subject.projectId }),
    ...(thread.workSessionId === undefined ? {} : { workSessionId: thread.workSessionId }),
  });
}

/** For this once where that is offered: what an agent keeps for always it may write into the repository. */
function optionOf(options: Permission['options'], answer: 'allow' | 'reject'): Permission['options'][number] | undefined {
  return options.find(({ kind }) => kind === `${answer}_once`) ?? options.find(({ kind }) => kind === `${answer}_always`);
}

function decide(w: Writer, record: PermissionRecord, optionId: string, by: string, now: number): void {
  const option = record.options.find((one) => one.optionId === optionId);
  if (!option) return;
  w.permissions.change(record.id, { status: 'answered', answer: optionId, answeredBy: by, answeredAt: now });
  const thread = w.threads.get(record.threadId);
  const data = { permissionId: record.id, threadId: record.threadId, optionId, kind: option.kind, by };
  w.events.append({ type: 'permission.answered', subject: thread ? threadSubject(w, thread) : {}, actor: by, data });
}

export function withdraw(
  w: Writer,
  { attention, now }: { readonly attention: AttentionService; readonly now: number },
  record: PermissionRecord,
  reason: string,
): void {
  if (record.status !== 'pending') return;
  w.permissions.change(record.id, { status: 'withdrawn', answeredAt: now, settled: true });
  const thread = w.threads.get(record.threadId);
  const data = { permissionId: record.id, threadId: record.threadId, reason: reason.slice(0, 500) };
  w.events.append({ type: 'permission.withdrawn', subject: thread ? threadSubject(w, thread) : {}, actor: byDaemon.actor, data });
  attention.settleAbout(w, record.id, byDaemon.actor);
}

export interface PermissionService {
  list(
    filter: { readonly specTaskId?: string; readonly status?: Permission['status'] },
    cursor: string | undefined,
    limit: number,
  ): { permissions: Permission[]; nextCursor?: string };
  /** Throws INVALID_TRANSITION for one that is answered otherwise or gone, INVALID_PARAMS for an option that it does not have. */
  answer(id: string, optionId: string, origin: Origin): Promise<Permission>;
}

export function createPermissionService({ store, clock, attention }: Deps & { readonly store: Store }): PermissionService {
  return {
    list(filter, cursor, limit) {
      const page = pageOf(
        store.read((r) => r.permissions.list(filter, cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { permissions: page.rows.map(permissionView), ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
    answer: (id, optionId, origin) =>
      store.write((w) => {
        const record = w.permissions.get(id);
        if (!record) {
          throw new Failure('NOT_FOUND', `There is no permission "${id}"; "coppice permission list" shows what agents ask.`, {
            details: { entity: 'permission', id },
          });
        }
        if (record.status === 'answered' && record.answer === optionId) return settle(w, origin.receipt, permissionView(record));
        if (record.status !== 'pending') {
          const how = record.status === 'answered' ? `answered already by ${record.answeredBy}` : 'withdrawn';
          throw new Failure('INVALID_TRANSITION', `The permission "${record.title}" is ${how}.`, {
            details: { from: record.status, to: 'answered', allowed: [] },
          });
        }
        if (!record.options.some((option) => option.optionId === optionId)) {
          const known = record.options.map((option) => option.optionId);
          throw new Failure('INVALID_PARAMS', `"${optionId}" is no option of "${record.title}"; it has ${known.join(', ')}.`, {
            details: { issues: [{ path: ['optionId'], message: `must be one of ${known.join(', ')}` }] },
          });
        }
        decide(w, record, optionId, origin.actor, clock.now());
        attention.settleAbout(w, id, origin.actor);
        return settle(w, origin.receipt, permissionView(w.permissions.get(id) as PermissionRecord));
      }),
  };
}
