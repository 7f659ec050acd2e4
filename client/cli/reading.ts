import { setTimeout as delay } from 'node:timers/promises';
import { isFailure } from '../../schemas/errors.ts';
import { isRpcClientError } from '../client-error.ts';

const pauseMs = 50;

/**
 * Asks again what a daemon took with it when it went away. Only for reads. The client waits for the daemon to come back, and fails with
 * NOT_CONNECTED when it does not. A client that we closed comes back never: whoever may close it while this waits gives a signal.
 */
export async function reading<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      const wentAway = isRpcClientError(error) && error.code === 'CLOSED';
      const isGoing = isFailure(error) && error.kind === 'SHUTTING_DOWN';
      if (!wentAway && !isGoing) throw error;
      if (isGoing) await delay(pauseMs);
    }
  }
}
