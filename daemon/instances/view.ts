import type { Instance, Thread } from '../../schemas/instance.ts';
import type { Permission } from '../../schemas/permission.ts';
import type { Prompt } from '../../schemas/prompt.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { InstanceRecord, PermissionRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';

export function instanceView(r: Reader, record: InstanceRecord): Instance {
  const { terminalId, lastEventSeq: _1, restartAt: _2, restartRequestedAt: _3, createdAt, endedAt, lastHeartbeatAt, ...plain } = record;
  const terminal = terminalId === undefined ? undefined : r.terminals.get(terminalId);
  const threadSummary: Record<string, number> = {};
  for (const { status } of r.threads.ofInstance(record.id)) threadSummary[status] = (threadSummary[status] ?? 0) + 1;
  return {
    ...plain,
    ...(terminal === undefined ? {} : { terminalName: terminal.name }),
    threadSummary,
    ...times({ createdAt, endedAt, lastHeartbeatAt }),
  };
}

export function threadView(record: ThreadRecord): Thread {
  const { wakeAt: _1, cancelRequestedAt: _2, createdAt, endedAt, lastActivityAt, ...plain } = record;
  return { ...plain, ...times({ createdAt, endedAt, lastActivityAt }) };
}

/** Of a work session; the planner's prompts are told as those of its thread. */
export function promptView({ createdAt, settledAt, workSessionId = '', ...plain }: PromptRecord): Prompt {
  return { ...plain, workSessionId, ...times({ createdAt, settledAt }) };
}

export function permissionView({ requestKey: _1, settled: _2, requestedAt, answeredAt, ...plain }: PermissionRecord): Permission {
  return { ...plain, ...times({ requestedAt, answeredAt }) };
}

function times<K extends string, T extends Readonly<Record<K, number | undefined>>>(
  values: T,
): { readonly [N in keyof T]: T[N] extends number ? string : string | undefined } & object {
  const given = Object.entries<number | undefined>(values).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, isoTime(ms)]]));
  return Object.fromEntries(given) as never;
}
