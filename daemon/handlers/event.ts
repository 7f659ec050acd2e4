import { setImmediate as nextTurn } from 'node:timers/promises';
import { JsonText } from '../../rpc/bind.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { formatCursor, parseCursor } from '../events/cursor.ts';
import { compileFilter } from '../events/filter.ts';
import { createSubscription } from '../events/subscription.ts';
import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function eventHandlers({ store, feed, ids, sessions, output }: Services): HandlersOf<'event'> {
  /** Where to begin, and whether what the client knew is of no use. */
  const startAt = (after: string | undefined, otherwise: number): { seq: number; fresh: boolean } => {
    if (after === undefined) return { seq: otherwise, fresh: false };
    const { epoch, seq } = parseCursor(after);
    const isKnown = epoch === feed.epoch && seq <= feed.lastSeq() && seq >= feed.firstSeq() - 1;
    return isKnown ? { seq, fresh: false } : { seq: feed.lastSeq(), fresh: true };
  };
  return {
    'event.subscribe': ({ after, types, subject, initial, output: withOutput }, call) => {
      const { subscriptions, outlet } = call.context;
      if (subscriptions.size >= limits.subscriptionsPerConnection) {
        throw new Failure('LIMIT_EXCEEDED', `A connection has ${limits.subscriptionsPerConnection} subscriptions at most; end one first.`, {
          details: { limit: limits.subscriptionsPerConnection, value: subscriptions.size },
        });
      }
      const followed = withOutput ? subject?.sessionId : undefined;
      const unfollow = followed === undefined ? () => {} : output.follow(sessions.resolve(followed));
      const { seq, fresh } = startAt(after, feed.lastSeq());
      const id = ids.next('sub');
      const subscription = createSubscription({
        ...{ id, feed, outlet, types, subject, output: followed !== undefined },
        afterSeq: seq,
        later: setImmediate,
        onClose: unfollow,
      });
      // The answer leaves first: what follows names a subscription that the client knows by then.
      setImmediate(subscription.pump);
      subscriptions.set(id, subscription);
      return {
        subscriptionId: id,
        cursor: formatCursor(feed.epoch, seq),
        fresh,
        ...(initial || fresh ? { snapshot: { sessions: store.read((r) => sessions.active(r)) } } : {}),
      };
    },
    'event.unsubscribe': ({ subscriptionId }, call) => {
      const subscription = call.context.subscriptions.get(subscriptionId);
      if (!subscription) {
        throw new Failure('NOT_FOUND', `This connection has no subscription "${subscriptionId}".`, {
          details: { entity: 'subscription', id: subscriptionId },
        });
      }
      subscription.close();
      call.context.subscriptions.delete(subscriptionId);
      return {};
    },
    'event.list': async ({ after, types, subject, limit }, call) => {
      const { seq, fresh } = startAt(after, feed.firstSeq() - 1);
      const accepts = compileFilter({ types, subject });
      const texts: string[] = [];
      let position = seq;
      let more = true;
      while (more && texts.length < limit) {
        // A filter may pass over a long log: other work comes in between.
        if (position > seq) await nextTurn();
        if (position > seq && call.signal.aborted) break;
        const rows = types === undefined ? limit - texts.length : limits.eventPageRows;
        const page = feed.page(position, rows, subject);
        let taken = 0;
        for (const event of page) {
          if (texts.length === limit) break;
          if (accepts(event)) texts.push(event.text);
          position = event.seq;
          taken += 1;
        }
        more = taken < page.length || page.length === rows;
        if (!more) position = Math.max(position, feed.lastSeq());
        more &&= position < feed.lastSeq();
      }
      const cursor = formatCursor(feed.epoch, position);
      return new JsonText(`{"events":[${texts.join(',')}],"cursor":"${cursor}","fresh":${fresh},"more":${more}}`);
    },
  };
}
