// Work sessions that no plan names and no other one made: somebody asked for changes, or wants to talk to an agent.
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { branchOfSpawned } from '../spec-tasks/branches.ts';
import type { Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { nextNumber } from './spawning.ts';
import { workSessionSubject } from './transition.ts';

export interface AdHoc {
  /** Default: named by its number. */
  readonly name?: string | undefined;
  readonly description: string;
  /** Empty: a conversation. */
  readonly prompt: string;
  readonly agent: string;
  /** Default: a new one. */
  readonly id?: string | undefined;
}

export function insertAdHoc(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  w: Writer,
  task: SpecTaskRecord,
  wanted: AdHoc,
  actor: string,
): WorkSessionRecord {
  const number = nextNumber(w.workSessions.ofSpecTask(task.id));
  const { id = ids.next('wks'), name = `Changes ${number}`, description, prompt, agent } = wanted;
  const record: WorkSessionRecord = {
    ...{ id, specTaskId: task.id, projectId: task.projectId, kind: 'ad_hoc', depth: 0, name, description, prompt },
    ...{ status: 'pending', stage: 'waiting_dependencies', started: true, required: true, mergeInto: 'integration', base: 'integration' },
    ...{ dependsOn: [], branch: branchOfSpawned(task.branchPrefix, number, name), attempt: 1, turnsSeen: 0, verifyAttempts: 0, agent },
    ...{ createdAt: clock.now(), version: 1 },
  };
  w.workSessions.insert(record);
  const data = { workSessionId: record.id, name, kind: 'ad_hoc' as const, branch: record.branch };
  w.events.append({ type: 'workSession.created', subject: workSessionSubject(record), actor, data });
  return record;
}
