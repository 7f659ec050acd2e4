// What planning is lent by the rest of the daemon.
import type { Revision } from '../../../schemas/spec-task.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { DrivenSessions } from '../../sessions/driven.ts';
import type { SessionService } from '../../sessions/service.ts';
import type { Store, Writer } from '../../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../../store/tables/instances.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { NewRevision } from '../revisions.ts';
import type { DocumentDeps } from './documents.ts';
import type { PlannerDeps } from './planner.ts';

/** Of the threads of instances, what planning needs; each within the caller's transaction. */
export interface PlannerThreads {
  /** The same thread again for the same session. */
  ensure(w: Writer, of: { specTaskId: string; sessionId: string; agent: string }): ThreadRecord;
  enqueue(w: Writer, prompt: { threadId: string; content: string; origin: string }): PromptRecord;
  close(w: Writer, threadId: string, to: 'completed' | 'failed', reason: string): void;
}

export interface PlanningDeps extends PlannerDeps, DocumentDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: Pick<SessionService, 'startTogether' | 'cancelAll'>;
  readonly driven: Pick<DrivenSessions, 'tellEnd'>;
  readonly threads: PlannerThreads;
  readonly submit: (task: SpecTaskRecord, revision: NewRevision, origin: Origin) => Promise<Revision>;
  /** 0: any number. */
  readonly maxPlanning: () => number;
}
