import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createProcessTable, descendantsIn, markedIn } from '../../../daemon/tools/process-table.ts';
import { until } from '../../helpers/until.ts';

const own = { PATH: process.env.PATH ?? '/usr/bin:/bin' };

test('whoever asks in the same moment shares a look, and who asks during one gets the next', async () => {
  const table = createProcessTable();
  const [first, second] = [table.look(), table.look()];
  await Promise.resolve();
  const third = table.look();
  const seen = await first;
  expect(await second).toBe(seen);
  expect(await third).not.toBe(seen);
  expect(seen.get(process.pid)?.parent).toBe(process.ppid);
});

test('a process has the marks of the program that it runs now, and its children are found', async () => {
  const table = createProcessTable();
  const sessionId = `table-${process.pid}`;
  const script = `(sleep 60 & echo ready; wait) & read word; COPPICE_SESSION_ID=${sessionId} COPPICE_STEP_INDEX=4 exec sleep 60`;
  const child = spawn('sh', ['-c', script], { env: own, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const pid = child.pid as number;
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  const before = await table.look();
  expect(before.get(pid)?.marks).toEqual([]);
  expect(descendantsIn(before, pid)).toHaveLength(2);
  child.stdin?.write('go\n');
  const after = await until('the other program', async () => {
    const now = await table.look();
    return now.get(pid)?.marks.length === 2 && now;
  });
  expect(after.get(pid)?.startTime).toBe(before.get(pid)?.startTime);
  expect(markedIn(after, { sessionId })).toEqual([pid]);
  expect(markedIn(after, { sessionId, stepIndex: 4 })).toEqual([pid]);
  expect(markedIn(after, { sessionId, stepIndex: 'any' })).toEqual([pid]);
  expect(markedIn(after, { sessionId, stepIndex: 5 })).toEqual([]);
  process.kill(-pid, 'SIGKILL');
  await once(child, 'exit');
  await until('its end to be seen', async () => !(await table.look()).has(pid));
});
