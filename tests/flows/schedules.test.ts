// Commands that start by the clock.
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test('schedules of files and calls run with the environment of the daemon; what overlaps is skipped, what was missed is told once', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const nightly = { schedule: { cron: '* * * * * *', arguments: { who: 'file' } }, arguments: ['who'] };
  const steps = [shell(`${signals.tell('ran', '$COPPICE_ARG_WHO $FROM')}; ${signals.waitFor('gate')}`)];
  await repo.write('.coppice/commands/tick.yaml', commandFile('tick', { ...nightly, steps }));
  await repo.write('.coppice/commands/plain.yaml', commandFile('plain', { steps: [shell('true')] }));
  await using daemon = await startRealDaemon({ home, env: { FROM: 'daemon' } });
  const project = (await daemon.client.project.add({ path: repo.path })).id;

  const { schedules } = await daemon.client.schedule.list({ project });
  expect(schedules).toMatchObject([{ commandName: 'tick', source: 'file', cron: '* * * * * *', nextAt: expect.any(String) }]);
  const tick = schedules[0]?.id as string;
  expect(await signals.lines('ran')).toEqual(['file daemon']);
  await until('a time to be skipped', async () =>
    (await daemon.events({ types: ['schedule.skipped'] })).some(({ data }) => (data as { reason: string }).reason === 'overlap'),
  );
  const [session] = (await daemon.client.session.list({})).sessions;
  expect(session).toMatchObject({ scheduleId: tick, commandName: 'tick' });
  await expect(daemon.client.schedule.remove({ id: tick })).rejects.toMatchObject({ kind: 'PRECONDITION' });

  await daemon.kill();
  const killed = Date.now();
  await until('times to pass', () => Date.now() - killed > 2_500);
  await daemon.again();
  const missed = await until('the missed times', async () => {
    const skipped = await daemon.events({ types: ['schedule.skipped'] });
    const found = skipped.filter(({ data }) => (data as { reason: string }).reason === 'missed');
    return found.length > 0 && found;
  });
  expect(missed).toHaveLength(1);
  expect((missed[0] as { data: { count: number } }).data.count).toBeGreaterThanOrEqual(2);

  await repo.write('.coppice/commands/tick.yaml', commandFile('tick', { arguments: ['who'], steps }));
  expect((await daemon.client.schedule.list({ project })).schedules).toEqual([]);
  signals.open('gate');
  const made = await daemon.cli(['schedule', 'create', '0 3 * * *', 'plain', '--timezone', 'Europe/Berlin'], { cwd: repo.path });
  const id = made.stdout.trim();
  expect(await daemon.client.schedule.get({ id })).toMatchObject({ source: 'call', timezone: 'Europe/Berlin', overlap: 'skip' });
  expect((await daemon.cli(['schedule', 'run', id])).exitCode).toBe(0);
  expect((await daemon.client.schedule.get({ id })).lastSessionId).toMatch(/^ses_/);
  expect((await daemon.cli(['schedule', 'list'])).stdout).toContain(id);
  expect((await daemon.cli(['schedule', 'rm', id])).exitCode).toBe(0);
  await expect(daemon.client.schedule.create({ project, command: 'plain', cron: 'often' })).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
  });
  await expect(daemon.client.schedule.create({ project, command: 'tick', cron: '0 3 * * *' })).rejects.toMatchObject({
    kind: 'INVALID_PARAMS',
  });
});
