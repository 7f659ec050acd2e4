// What the work of a spec task needs of other rooms.
import type { AttentionService } from '../attention/service.ts';
import type { Threads } from '../instances/threads.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Merging } from '../merging/needs.ts';
import type { DrivenSessions } from '../sessions/driven.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Reader, Store, Writer } from '../store/store.ts';

export interface WorkLimits {
  readonly spawn_depth: number;
  readonly children: number;
  readonly sessions_per_task: number;
  readonly spawns_per_minute: number;
  readonly slots_per_task: number;
  readonly slots: number;
}

export interface WorkDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly attention: AttentionService;
  readonly threads: Threads;
  readonly merging: Merging;
  readonly sessions: Pick<SessionService, 'startTogether' | 'cancelAll'>;
  readonly driven: DrivenSessions;
  readonly envFiles: Pick<EnvFiles, 'environmentOf'>;
  /** Keeps all that a worktree holds under a reference. */
  readonly saveWork: (worktreeId: string) => Promise<void>;
  /** `[spec_tasks.limits]`; 0 is none. */
  readonly limits: () => WorkLimits;
  /** Work sessions it waits for with a blocking message. */
  readonly blocksOf: (r: Reader, workSessionId: string) => readonly string[];
  /** Whether a message waits for it that asks for a turn of its own. */
  readonly callsForTurn: (r: Reader, workSessionId: string) => boolean;
  /** Tells the others what became of one, in the same transaction. */
  readonly announce: (w: Writer, workSessionId: string) => void;
}
