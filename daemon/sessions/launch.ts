// Starting the process of a step. A start that failed has run nothing, so it is tried again; once it runs, only the command file says
// whether there is another attempt.
import type { Again } from '../kernel/again.ts';
import type { Breaker } from '../kernel/breaker.ts';

export interface LaunchDeps {
  readonly again: Again;
  readonly breaker: Breaker;
}

export interface Launch {
  /** The program of an agent; absent for other steps. */
  readonly agent?: string | undefined;
  readonly signal: AbortSignal;
  /** What is left of the time of the step. */
  readonly budgetMs?: number | undefined;
}

/** `start` either starts one process or throws and has started none. */
export function launch<T>({ again, breaker }: LaunchDeps, { agent, ...options }: Launch, start: () => Promise<T>): Promise<T> {
  if (agent === undefined) return again('default', start, options);
  return breaker.run(agent, () => again('agent_launch', start, options));
}
