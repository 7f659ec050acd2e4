// What must cost the same however much there is: calls, pages of the log, appends, deliveries, starts.
import { setImmediate } from 'node:timers/promises';
import { seqOf } from '../helpers/event-flow.ts';
import { timed } from './samples.ts';
import type { AxisSpec, Cost, Sized } from './scale-axis.ts';
import { createScaleHome, sessionIdOf } from './scale-home.ts';

const callsOfASample = 50;
const pageRows = 10;
const pageEvents = 100;
const replayed = 5_000;

export const bySessions: AxisSpec = {
  name: 'sessions',
  sizes: [10, 100, 1_000],
  starts: true,
  homeOf: (sessions) => createScaleHome({ sessions, events: 10_000 }),
  costs: [
    call('session.get, of ten, whose answers are kept', 'session.get', ({ size }, index) => ({
      id: sessionIdOf(((index % 10) * size) / 10),
    })),
    call('session.listSteps, of any', 'session.listSteps', ({ size }, index) => ({ id: sessionIdOf((index * 7) % size) })),
    call(`session.list, a page of ${pageRows}`, 'session.list', () => ({ limit: pageRows })),
    call('session.list of those that have not ended, of which there are none', 'session.list', () => ({ status: ['active'] })),
  ],
};

export const byEvents: AxisSpec = {
  name: 'events in the log',
  sizes: [10_000, 100_000, 1_000_000],
  starts: true,
  homeOf: (events) => createScaleHome({ sessions: 10, events }),
  costs: [
    call(`event.list, ${pageEvents} after a position anywhere`, 'event.list', (sized, index) => page(sized, index, {})),
    call(`event.list, ${pageEvents} of one session`, 'event.list', (sized, index) =>
      page(sized, index, { subject: { sessionId: sessionIdOf(3) } }),
    ),
    call('append: auth.createToken, committed', 'auth.createToken', (_, index) => ({ name: `made ${index}`, scopes: ['read'] })),
    { name: `subscribe from ${replayed} events back, an event`, unit: 'µs', turnOf: replay },
  ],
};

/** The mean of some calls, one after the other. */
function call(name: string, method: string, paramsOf: (sized: Sized, index: number) => object): Cost {
  return {
    name,
    unit: 'µs',
    turnOf(sized) {
      let count = 0;
      const calls = async (): Promise<void> => {
        for (let left = callsOfASample; left > 0; left -= 1) {
          count += 1;
          await sized.client.call(method, paramsOf(sized, count));
        }
      };
      return { sample: async () => ((await timed(calls)) * 1_000) / callsOfASample };
    },
  };
}

/** Positions over the whole log, all of them with a full page behind. */
function page({ size, cursor }: Sized, index: number, filter: object): object {
  const room = size - pageEvents * 20;
  return { after: `${epochOf(cursor)}:${Math.floor((index * 0.618_034 * room) % room)}`, limit: pageEvents, ...filter };
}

function replay({ client, cursor }: Sized) {
  const [epoch, last] = [epochOf(cursor), seqOf(cursor)];
  let subscriptionId = '';
  return {
    async sample(): Promise<number> {
      const arrived = client.next((line) => line.includes(`"seq":${last},`));
      const startedAt = performance.now();
      const answer = client.call<{ subscriptionId: string }>('event.subscribe', { after: `${epoch}:${last - replayed}` });
      await arrived;
      const ms = performance.now() - startedAt;
      ({ subscriptionId } = await answer);
      return (ms * 1_000) / replayed;
    },
    async undo(): Promise<void> {
      await client.call('event.unsubscribe', { subscriptionId });
      await setImmediate();
    },
  };
}

function epochOf(cursor: string): string {
  return cursor.slice(0, cursor.indexOf(':'));
}
