import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { classify } from './classify.ts';
import type { Clock } from './clock.ts';

/** Keeps everybody from what fails again and again, for each provider by itself. */
export interface Breaker {
  /** Runs `work`, or throws UNAVAILABLE at once while its provider is shut off. */
  run<T>(provider: string, work: () => Promise<T>): Promise<T>;
}

export interface BreakerOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Calls looked back at. */
  readonly windowCalls?: number;
  /** Fewer calls tell nothing. */
  readonly leastCalls?: number;
  /** Share of failures at which it opens. */
  readonly openShare?: number;
  readonly openMs?: number;
}

interface Circuit {
  /** Whether each of the last calls failed, oldest first. */
  readonly failures: boolean[];
  openUntilMs: number | undefined;
  probing: boolean;
}

export function createBreaker({ clock, windowCalls = 100, leastCalls = 10, openShare = 0.5, openMs = 30_000 }: BreakerOptions): Breaker {
  const circuits = new Map<string, Circuit>();

  const circuitOf = (provider: string): Circuit => {
    const known = circuits.get(provider);
    if (known) return known;
    const [oldest] = circuits.keys();
    if (oldest !== undefined && circuits.size >= limits.breakerProviders) circuits.delete(oldest);
    const circuit: Circuit = { failures: [], openUntilMs: undefined, probing: false };
    circuits.set(provider, circuit);
    return circuit;
  };
  const note = (circuit: Circuit, failed: boolean): void => {
    circuit.failures.push(failed);
    if (circuit.failures.length > windowCalls) circuit.failures.shift();
    const { failures } = circuit;
    if (failures.length >= leastCalls && countOf(failures) >= openShare * failures.length) circuit.openUntilMs = clock.now() + openMs;
  };
  /** One call decides for all: what failed before it is forgotten when it succeeds. */
  const probe = async <T>(circuit: Circuit, work: () => Promise<T>): Promise<T> => {
    circuit.probing = true;
    try {
      const value = await work();
      circuit.failures.length = 0;
      circuit.openUntilMs = undefined;
      return value;
    } catch (error) {
      if (!isCancel(error)) circuit.openUntilMs = clock.now() + openMs;
      throw error;
    } finally {
      circuit.probing = false;
    }
  };
  const isCancel = (error: unknown): boolean => classify(error, clock.now()).kind === 'cancelled';
  return {
    async run(provider, work) {
      const circuit = circuitOf(provider);
      if (circuit.openUntilMs !== undefined) {
        if (circuit.probing || clock.now() < circuit.openUntilMs) throw shutOff(provider, circuit, clock.now());
        return probe(circuit, work);
      }
      try {
        const value = await work();
        note(circuit, false);
        return value;
      } catch (error) {
        // A cancel says nothing about the provider.
        if (!isCancel(error)) note(circuit, true);
        throw error;
      }
    },
  };
}

function countOf(failures: readonly boolean[]): number {
  return failures.filter(Boolean).length;
}

function shutOff(provider: string, { failures, openUntilMs = 0 }: Circuit, nowMs: number): Failure {
  const retryAfterMs = Math.max(0, openUntilMs - nowMs);
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new Failure(
    'UNAVAILABLE',
    `"${provider}" failed ${countOf(failures)} of the last ${failures.length} times, so it is left alone for ${seconds} s; try again then.`,
    { details: { provider, retryAfterMs } },
  );
}
