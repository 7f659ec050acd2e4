// Planning: a task that waits gets a planner, what the planner hands in becomes a revision, and what people say of it goes back as one
// prompt. It looks at rows whenever something of a task happened, so a daemon that starts goes on where the former one was.
import { isFailure } from '../../../schemas/errors.ts';
import type { Subject } from '../../../schemas/event.ts';
import { createReactor } from '../../kernel/reactor.ts';
import type { Reader } from '../../store/store.ts';
import { nextMove } from './decide.ts';
import type { PlanningDeps } from './deps.ts';
import { planningState } from './facts.ts';
import { begin, collect, deliver, fail, giveUp, instruct, release } from './moves.ts';

export interface Planning {
  /** Goes on with what lives, and follows what happens from now on. */
  resume(): void;
  /** The limit may be another one. */
  lookAtQueue(): void;
  stop(): Promise<void>;
}

export function createPlanning(deps: PlanningDeps): Planning {
  const { store, clock, log } = deps;
  const reactor = createReactor({
    clock,
    advance: (specTaskId) => advance(deps, specTaskId),
    onError: (error, specTaskId) => log.error({ err: error, specTaskId }, 'the planning of a spec task could not go on; it is tried again'),
  });
  const lookAtQueue = (): void => {
    const waiting = store.read((r) => [...r.specTasks.inStatus('queued_spec_generation'), ...r.specTasks.inStatus('spec_revision')]);
    for (const { id } of waiting) reactor.poke(id);
  };
  let unfollow = (): void => {};
  return {
    lookAtQueue,
    resume() {
      unfollow = store.onEvents((events) => {
        const ids = store.read((r) => specTasksOf(r, events));
        for (const id of ids) reactor.poke(id);
        // Whoever goes on may leave room for another one.
        if (events.some(({ type }) => type === 'specTask.statusChanged')) lookAtQueue();
      });
      for (const { id } of store.read((r) => r.specTasks.live())) reactor.poke(id);
    },
    async stop() {
      unfollow();
      await reactor.stop();
    },
  };
}

/** Those that the events are about, also as what happened in a session that plans one. */
function specTasksOf(r: Reader, events: readonly { readonly subject: Subject }[]): Set<string> {
  const [ids, sessions] = [new Set<string>(), new Set<string>()];
  for (const { subject } of events) {
    if (subject.specTaskId !== undefined) ids.add(subject.specTaskId);
    else if (subject.sessionId !== undefined) sessions.add(subject.sessionId);
  }
  for (const id of sessions) {
    const planned = r.sessions.plannedIn(id);
    if (planned !== undefined) ids.add(planned);
  }
  return ids;
}

/** Does one thing; false: nothing is to be done before something happens. */
async function advance(deps: PlanningDeps, specTaskId: string): Promise<boolean> {
  const state = deps.store.read((r) => planningState(r, specTaskId, deps.maxPlanning()));
  if (!state) return false;
  try {
    const move = nextMove(state.facts);
    return move === 'wait' ? false : await moves[move](deps, state);
  } catch (error) {
    // What is wrong with a request stays wrong; what may pass is tried again by the reactor.
    if (isFailure(error) && !error.retryable) return fail(deps, state, error.message);
    throw error;
  }
}

const moves = { begin, instruct, deliver, collect, giveUp, release };
