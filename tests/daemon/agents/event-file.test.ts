import { expect, it } from 'vitest';
import { openEventFile, readEvents } from '../../../daemon/agents/host/event-file.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

it('events that are no longer in memory are read from the file, from any cursor on, also after a restart', () => {
  using dir = createTempDir();
  const path = dir.at('events.ndjson');
  const file = openEventFile(
    path,
    () => 1,
    () => undefined,
  );
  const text = 'ä'.repeat(20_000);
  const count = Math.ceil((3 * limits.hostRecentBytes) / (2 * text.length));
  for (let n = 0; n < count; n += 1) file.append({ kind: 'notice', data: { text } });
  const check = (since: number, from = file): void => {
    const seqs = [...from.since(since)].map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: count - since }, (_, at) => since + 1 + at));
  };
  for (const since of [0, 1, 199, 200, count - 2, count]) check(since);
  file.close();
  const former: number[] = [];
  const again = openEventFile(
    path,
    () => 1,
    ({ seq }) => void former.push(seq),
  );
  expect(former).toHaveLength(count);
  for (const since of [0, 201, count - 1]) check(since, again);
  expect(readEvents(path, count - 3).map(({ seq }) => seq)).toEqual([count - 2, count - 1, count]);
  again.close();
});
