import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EphemeralEvent } from '../../../daemon/events/feed.ts';
import { createOutputWatch, type OutputWatchDeps } from '../../../daemon/sessions/output-watch.ts';
import type { SessionRecord } from '../../../daemon/store/tables/sessions.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

/** Sessions with a folder of logs each, and a feed that hands on what it is told. */
function watching() {
  const dir = createTempDir();
  const clock = createManualClock();
  const told: string[] = [];
  const step = { id: 'step', index: 0, outputOffset: 0 };
  const feed: OutputWatchDeps['feed'] = {
    lastSeq: () => 1,
    emit: ({ type, subject, data }, followers) => {
      for (const follower of followers ?? []) follower({ type, subject, text: JSON.stringify(data) });
    },
  };
  const store = { read: () => step } as unknown as OutputWatchDeps['store'];
  const output = createOutputWatch({ store, feed, clock });
  const logsOf = (id: string): string => join(dir.path, id, 'logs');
  const session = (id: string, endedAt?: number) => ({ id, projectId: 'project', artifactDir: dir.at(id), endedAt }) as SessionRecord;
  return {
    ...{ clock, told, logsOf },
    follow: (id: string, endedAt?: number) =>
      output.follow(session(id, endedAt), ({ subject, text }: EphemeralEvent) => {
        told.push(`${subject.sessionId} ${JSON.parse(text).size}`);
      }),
    /** Resolves when the change has been heard of: events of one process come in their order. */
    async grow(id: string): Promise<void> {
      mkdirSync(logsOf(id), { recursive: true });
      const watcher = watch(logsOf(id));
      const heard = once(watcher, 'change');
      appendFileSync(join(logsOf(id), '001.log'), 'line\n');
      await heard;
      watcher.close();
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

test('what grows after a rest is told at once, and what grows within the next 50 ms together', async () => {
  using place = watching();
  const ends = ['a', 'b'].map((id) => place.follow(id));
  await place.grow('a');
  place.clock.advance(0);
  await until('the first', () => place.told.length === 1);
  await place.grow('a');
  await place.grow('b');
  await place.grow('a');
  place.clock.advance(49);
  expect(place.clock.armed).toBe(1);
  place.clock.advance(1);
  await until('the others', () => place.told.length === 3);
  expect(place.told).toEqual(['a 5', 'a 15', 'b 5']);
  place.clock.advance(1_000);
  expect(place.clock.armed).toBe(0);
  for (const end of ends) end();
});

test('who no longer follows is told nothing, and nothing is waited for', async () => {
  using place = watching();
  const end = place.follow('a');
  await place.grow('a');
  end();
  end();
  await place.clock.advanceAsync(1_000);
  await place.grow('a');
  expect(place.told).toEqual([]);
  expect(place.clock.armed).toBe(0);
});

test('an ended session, a folder that goes and a second follower do no harm', async () => {
  using place = watching();
  place.follow('ended', 1)();
  const [first, second] = [place.follow('a'), place.follow('a')];
  first();
  await place.grow('a');
  place.clock.advance(0);
  await until('the second', () => place.told.length === 1);
  rmSync(place.logsOf('a'), { recursive: true });
  await place.clock.advanceAsync(1_000);
  second();
  expect(place.told[0]).toBe('a 5');
});
