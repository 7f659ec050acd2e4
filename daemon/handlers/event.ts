import { setImmediate as nextTurn } from 'node:timers/promises';
import { JsonText } from '../../rpc/bind.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Subject } from '../../schemas/event.ts';
import { limits } from '../../schemas/limits.ts';
import { formatCursor, parseCursor } from '../events/cursor.ts';
import { compileFilter } from '../events/filter.ts';
import { createSubscription } from '../events/subscription.ts';
import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

interface Wish {
  readonly seq: number;
  readonly types: string[];
  readonly subject: Subject | undefined;
  readonly limit: number;
}

export function eventHandlers({ store, feed, ids, sessions, output }: Services): HandlersOf<'event'> {
  /** Where to begin, and whether what the client knew is of no use. */
  const startAt = (after: string | undefined, otherwise: number): { seq: number; fresh: boolean } => {
    if (after === undefined) return { seq: otherwise, fresh: false };
    const { epoch, seq } = parseCursor(after);
    const isKnown = epoch === feed.epoch && seq <= feed.lastSeq() && seq >= feed.firstSeq() - 1;
    return isKnown ? { seq, fresh: false } : { seq: feed.lastSeq(), fresh: true };
  };
  /** A filter may pass over a long log: other work comes in between. */
  const ofTypes = async ({ seq, types, subject, limit }: Wish, signal: AbortSignal): Promise<[string, number, boolean]> => {
    const accepts = compileFilter({ types, subject });
    const texts: string[] = [];
    let position = seq;
    let more = true;
    while (more && texts.length < limit) {
      if (position > seq) await nextTurn();
      if (position > seq && signal.aborted) break;
      const page = feed.page(position, limits.eventPageRows, subject);
      let taken = 0;
      for (const event of page) {
        if (texts.length === limit) break;
        if (accepts(event)) texts.push(event.text);
        position = event.seq;
        taken += 1;
      }
      more = taken < page.length || page.length === limits.eventPageRows;
      if (!more) position = Math.max(position, feed.lastSeq());
      more &&= position < feed.lastSeq();
    }
    return [texts.join(','), position, more];
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
      const session = followed === undefined ? undefined : sessions.resolve(followed);
      const { seq, fresh } = startAt(after, feed.lastSeq());
      const id = ids.next('sub');
      const subscription = createSubscription({
        ...{ id, feed, outlet, types, subject },
        afterSeq: seq,
        later: setImmediate,
        onClose: () => unfollow(),
      });
      const unfollow = session === undefined ? () => {} : output.follow(session, subscription.ephemeral);
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
    'event.list': ({ after, types, subject, limit }, call) => {
      const { seq, fresh } = startAt(after, feed.firstSeq() - 1);
      const answer = (events: string, position: number, more: boolean): JsonText =>
        new JsonText(`{"events":[${events}],"cursor":"${formatCursor(feed.epoch, position)}","fresh":${fresh},"more":${more}}`);
      if (types !== undefined) return ofTypes({ seq, types, subject, limit }, call.signal).then((page) => answer(...page));
      const { text, count, through } = store.read((r) => r.events.pageText(seq, limit, subject));
      const more = count === limit && through < feed.lastSeq();
      return answer(text, more ? through : Math.max(through, feed.lastSeq()), more);
    },
  };
}
