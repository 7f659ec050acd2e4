// Follows one login from a cursor to its end, through restarts of the daemon.
import type { Login } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import { reading } from './reading.ts';

const endEvents: readonly string[] = ['auth.granted', 'auth.denied', 'auth.expired', 'auth.cancelled', 'auth.failed'];

/** The login as it ended, or undefined when `signal` came first. `after`: a cursor from before it could end. */
export async function followLogin(client: Client, flowId: string, after: string, signal: AbortSignal): Promise<Login | undefined> {
  const look = async (): Promise<Login | undefined> => (await reading(() => client.auth.status({ flowId }))).login;
  for await (const event of client.events({ after, types: ['auth.*'], signal })) {
    const isEnd = endEvents.includes(event.type) && 'data' in event && 'flowId' in event.data && event.data.flowId === flowId;
    // What was missed may have been the end.
    if (!isEnd && event.type !== 'stream.fresh' && event.type !== 'stream.gap') continue;
    const login = await look();
    if (login?.status !== 'pending') return login;
  }
  return undefined;
}
