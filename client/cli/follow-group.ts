// Follows one group from a cursor to its end, through restarts of the daemon.
import type { EventData, Group } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import { reading } from './reading.ts';

export interface GroupFollowView {
  memberFinished?(data: EventData<'group.memberFinished'>): void;
  retried?(data: EventData<'group.retried'>): void;
}

/** The record of the ended group, or undefined when `signal` came first. */
export async function followGroup(
  client: Client,
  groupId: string,
  { after, view, signal }: { after: string; view: GroupFollowView; signal: AbortSignal },
): Promise<Group | undefined> {
  const get = () => reading(() => client.group.get({ id: groupId }));
  for await (const event of client.events({ after, types: ['group.*'], signal })) {
    if (event.type === 'stream.fresh' || event.type === 'stream.gap') {
      // What was missed may have been the end.
      const group = await get();
      if (group.endedAt !== undefined) return group;
    } else if ('data' in event && 'groupId' in event.data && event.data.groupId === groupId) {
      if (event.type === 'group.memberFinished') view.memberFinished?.(event.data);
      else if (event.type === 'group.retried') view.retried?.(event.data);
      else if (event.type === 'group.finished') return get();
    }
  }
  return undefined;
}
