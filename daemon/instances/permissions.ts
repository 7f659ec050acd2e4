// What agents ask before they do something: answered by policy or by somebody, the first valid answer wins, and gone when its turn is.
import { Failure } from '../../schemas/errors.ts';
import type { Permission } from '../../schemas/permission.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Writer } from '../store/store.ts';
import type { PermissionRecord, ThreadRecord } from '../store/tables/instances.ts';
import { changeThread, freshThread, threadSubject } from './transition.ts';

type Option = Permission['options'][number];
/** `[agents.<name>] permissions` of the configuration. */
export type PermissionPolicy = 'ask' | 'allow' | 'reject';

const preferred: Readonly<Record<Exclude<PermissionPolicy, 'ask'>, readonly Option['kind'][]>> = {
  allow: ['allow_once', 'allow_always'],
  reject: ['reject_once', 'reject_always'],
};

/** By the kind of the options, never by their words. undefined: somebody must say. */
export function optionByPolicy(policy: PermissionPolicy, options: readonly Option[]): Option | undefined {
  if (policy === 'ask') return undefined;
  return preferred[policy].map((kind) => options.find((option) => option.kind === kind)).find((option) => option !== undefined);
}

export interface PermissionDeps {
  readonly ids: Ids;
  readonly attention: Pick<AttentionService, 'raise' | 'settleAbout'>;
  /** Of an agent by name; one that the configuration has no more asks. */
  readonly policyOf: (agent: string) => PermissionPolicy;
}

export type PermissionRequest = Pick<PermissionRecord, 'requestKey' | 'title' | 'toolCall' | 'options'>;

export function requestPermission(deps: PermissionDeps, w: Writer, thread: ThreadRecord, request: PermissionRequest, now: number): void {
  if (w.permissions.byKey(thread.id, request.requestKey)) return;
  const { specTaskId, workSessionId, id: threadId } = thread;
  const record: PermissionRecord = {
    ...{ id: deps.ids.next('per'), threadId, specTaskId, ...request, status: 'pending', requestedAt: now, settled: false },
    ...(workSessionId === undefined ? {} : { workSessionId }),
  };
  w.permissions.insert(record);
  const subject = threadSubject(w, thread);
  const data = { permissionId: record.id, threadId, title: record.title, options: [...record.options] };
  w.events.append({ type: 'permission.requested', subject, actor: 'daemon', data });
  changeThread(w, threadId, { turn: 'requires_action', lastActivityAt: now }, { source: 'protocol', detail: record.title }, now);
  const policy = deps.policyOf(thread.agent);
  const option = optionByPolicy(policy, record.options);
  if (option) {
    answerPermission(deps, w, record, { optionId: option.optionId, by: `policy:${policy}`, now });
    return;
  }
  deps.attention.raise(w, {
    ...{ kind: 'permission', refId: record.id, title: `"${thread.agent}" asks: ${record.title}`.slice(0, 500) },
    ...{ remedy: `coppice permission answer ${record.id} <${record.options.map(({ optionId }) => optionId).join('|')}>` },
    ...subject,
  });
}

export interface Answer {
  readonly optionId: string;
  readonly by: string;
  readonly now: number;
}

/** Throws INVALID_TRANSITION when somebody was faster or the question is gone, INVALID_PARAMS for an option that it does not have. */
export function answerPermission(deps: PermissionDeps, w: Writer, permission: PermissionRecord, { optionId, by, now }: Answer): PermissionRecord {
  if (permission.status !== 'pending') {
    const who = permission.answeredBy === undefined ? '' : ` by ${permission.answeredBy}`;
    throw new Failure('INVALID_TRANSITION', `Permission "${permission.id}" is ${permission.status}${who} already.`, {
      details: { from: permission.status, to: 'answered', allowed: [] },
    });
  }
  const option = permission.options.find((one) => one.optionId === optionId);
  if (!option) {
    const known = permission.options.map((one) => one.optionId);
    throw new Failure('INVALID_PARAMS', `Permission "${permission.id}" has no option "${optionId}"; choose one of ${known.join(', ')}.`, {
      details: { path: 'optionId', known },
    });
  }
  w.permissions.change(permission.id, { status: 'answered', answer: optionId, answeredBy: by, answeredAt: now });
  const data = { permissionId: permission.id, threadId: permission.threadId, optionId, kind: option.kind, by };
  w.events.append({ type: 'permission.answered', subject: threadSubject(w, freshThread(w, permission.threadId)), actor: by, data });
  deps.attention.settleAbout(w, permission.id, by);
  return w.permissions.get(permission.id) ?? permission;
}

/** The host needs no answer to it any more. An agent that takes its question back withdraws it. */
export function settlePermission(deps: PermissionDeps, w: Writer, permission: PermissionRecord, reason: string, now: number): void {
  w.permissions.change(permission.id, { settled: true });
  if (permission.status !== 'pending') return;
  w.permissions.change(permission.id, { status: 'withdrawn', answeredAt: now });
  const data = { permissionId: permission.id, threadId: permission.threadId, reason };
  w.events.append({ type: 'permission.withdrawn', subject: threadSubject(w, freshThread(w, permission.threadId)), actor: 'daemon', data });
  deps.attention.settleAbout(w, permission.id, 'daemon');
}

export function withdrawPermissions(deps: PermissionDeps, w: Writer, threadId: string, reason: string, now: number): void {
  for (const permission of w.permissions.unsettledOf(threadId)) settlePermission(deps, w, permission, reason, now);
}
