// What makes groups move: the end of a member, a deadline, a start of the daemon. Each time the rows are looked at anew, so that whatever
// was cut off half-way is done again, and what is done already is left alone.
import { isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import type { SessionService } from '../sessions/service.ts';
import type { LoggedEvent } from '../store/event-log.ts';
import type { Store } from '../store/store.ts';
import type { GroupRecord, MemberRecord } from '../store/tables/groups.ts';
import { startAgain } from './again.ts';
import { isRunning, isTriedAgain, type Move, nextMove } from './machine.ts';
import { finish } from './transitions.ts';
import { latestOf } from './view.ts';

export interface GroupReactor {
  /** Makes the next move of a group, and the ones that follow from it. Call within the group's turn of the queue. */
  move(id: string): Promise<void>;
  /** Sees to the deadline of a group that runs. */
  watch(group: GroupRecord): void;
  /** Goes on with what a former daemon left. */
  resume(): void;
  stop(): Promise<void>;
}

export interface ReactorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** One turn at a time a group. */
  readonly queue: KeyedQueue;
  readonly sessions: Pick<SessionService, 'again' | 'startTogether' | 'cancelAll'>;
  readonly envFiles: Pick<EnvFiles, 'remove'>;
}

interface Look {
  readonly group: GroupRecord;
  /** The latest attempts. */
  readonly members: readonly MemberRecord[];
  readonly move: Move;
}

export function createGroupReactor(deps: ReactorDeps): GroupReactor {
  const { store, clock, log, deadlines, queue, sessions } = deps;
  let stopped = false;

  const move = async (id: string): Promise<void> => {
    const look = await decide(id);
    if (look?.move.do === 'end') {
      const running = look.members.filter(isRunning).map(({ sessionId }) => sessionId);
      await sessions.cancelAll(running, `group ${look.move.reason}`, byDaemon.actor);
    }
    if (look?.move.do === 'retry') await retryOnce(look);
    if (look?.move.do === 'finish') await tidy(id);
  };
  /** Reads, decides and writes what is certain by now in one transaction. */
  const decide = (id: string): Promise<Look | undefined> =>
    store.write((w) => {
      const group = w.groups.get(id);
      if (group?.status !== 'running') return undefined;
      const members = latestOf(w.groups.members(id));
      const now = clock.now();
      const next = nextMove(group, members, now);
      if (next.do === 'end' && group.reason === undefined) w.groups.change(id, { reason: next.reason });
      if (next.do === 'finish') finish(w, group, members, next.end, now);
      return { group, members, move: next };
    });
  const retryOnce = async ({ group, members }: Look): Promise<void> => {
    const failed = members.filter(isTriedAgain);
    try {
      await startAgain(sessions, { groupId: group.id, members: failed, actor: byDaemon.actor, after: () => undefined });
    } catch (error) {
      // A busy store passes. Whatever else stands in the way of a start is how it is: enough succeeded all the same.
      if (isPassing(error)) throw error;
      log.warn({ err: error, groupId: group.id }, 'the failed members of a group could not be started again');
      const reason = isFailure(error) ? error.kind.toLowerCase() : 'internal';
      await store.write((w) => finish(w, group, members, { status: 'degraded', reason }, clock.now()));
      await tidy(group.id);
    }
  };
  const tidy = async (id: string): Promise<void> => {
    deadlines.clear(deadlineKey(id));
    for (const { sessionId } of store.read((r) => r.groups.members(id))) await deps.envFiles.remove(sessionId);
  };
  const react = (id: string, attempt = 1): void => {
    queue
      .run(id, () => (stopped ? undefined : move(id)))
      .catch((error: unknown) => {
        // The next daemon looks at every group that runs.
        if (stopped) return;
        const isAgain = isPassing(error) && attempt < limits.retryAttempts;
        const what = isAgain
          ? 'a group could not be moved on; it is looked at again soon'
          : 'a group is stuck; the next start looks at it again';
        log.error({ err: error, groupId: id }, what);
        if (isAgain) deadlines.set(againKey(id), clock.now() + limits.groupAgainMs, () => react(id, attempt + 1));
      });
  };
  const onEvents = (events: readonly LoggedEvent[]): void => {
    for (const { type, subject } of events) {
      if (type !== 'group.memberFinished' || subject.sessionId === undefined) continue;
      const member = store.read((r) => r.groups.memberOf(subject.sessionId as string));
      if (member) react(member.groupId);
    }
  };
  const leave = store.onEvents(onEvents);
  const watch = ({ id, status, deadlineAt }: GroupRecord): void => {
    if (status === 'running' && deadlineAt !== undefined) deadlines.set(deadlineKey(id), deadlineAt, () => react(id));
  };
  return {
    move,
    watch,
    resume() {
      for (const group of store.read((r) => r.groups.running())) {
        watch(group);
        react(group.id);
      }
    },
    async stop() {
      stopped = true;
      leave();
      await queue.idle();
    },
  };
}

function isPassing(error: unknown): boolean {
  return isFailure(error) && error.retryable;
}

function deadlineKey(id: string): string {
  return `group:${id}`;
}

function againKey(id: string): string {
  return `group-again:${id}`;
}
