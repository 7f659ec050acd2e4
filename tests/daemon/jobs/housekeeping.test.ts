import { expect, test } from 'vitest';
import { houseworkTick } from '../../../daemon/jobs/housekeeping.ts';
import { createLog } from '../../../daemon/kernel/log.ts';
import type { HouseResult } from '../../../daemon/upkeep/house.ts';

const nothing: HouseResult = {
  removed: { events: 0, receipts: 0, removedWorktrees: 0 },
  archived: { sessions: 0, sizeBytes: 0 },
  purged: { sessions: 0, sizeBytes: 0 },
  freedBytes: 0,
  problems: [],
};

async function linesOf(keepHouse: () => Promise<HouseResult>, signal = new AbortController().signal): Promise<string[]> {
  const lines: string[] = [];
  const { log } = createLog('info', (line) => void lines.push(line));
  await houseworkTick({ upkeep: { keepHouse }, log, signal });
  return lines;
}

test('a round that did nothing says nothing', async () => {
  expect(await linesOf(async () => nothing)).toEqual([]);
});

test('what was removed is one line', async () => {
  const lines = await linesOf(async () => ({ ...nothing, freedBytes: 4096 }));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', freedBytes: 4096 });
});

test('a failure of the whole is a line, and never fatal', async () => {
  const [line = ''] = await linesOf(() => Promise.reject(new Error('all of it')));
  expect(JSON.parse(line)).toMatchObject({ level: 'error', err: { message: 'all of it' } });
});

test('a round that the end of the daemon cut off is no failure', async () => {
  expect(await linesOf(() => Promise.reject(new Error('cut off')), AbortSignal.abort())).toEqual([]);
});
