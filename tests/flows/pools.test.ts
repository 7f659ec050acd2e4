// Commands that share a pool.
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { startStory } from '../helpers/story.ts';
import { until } from '../helpers/until.ts';

test('a pool lets in as many as its limit, in order and visibly, and holds up nobody else', async () => {
  await using story = await startStory((signals) => {
    const pooled = (gate: string) => commandFile(gate, { concurrency: { group: 'gpu', limit: 1 }, steps: [shell(signals.waitFor(gate))] });
    return {
      commands: { one: pooled('one'), two: pooled('two'), three: pooled('three'), free: commandFile('free', { steps: [shell('true')] }) },
    };
  });
  const { repo, signals, daemon } = story;
  const [one, two, three] = [
    await daemon.start(repo.path, 'one'),
    await daemon.start(repo.path, 'two'),
    await daemon.start(repo.path, 'three'),
  ];

  expect((await daemon.ended((await daemon.start(repo.path, 'free')).id)).status).toBe('succeeded');
  expect(await daemon.client.session.get({ id: two.id })).toMatchObject({
    status: 'queued',
    queuePosition: 1,
    queueReason: 'pool',
    concurrencyGroup: 'gpu',
  });
  expect(await daemon.client.session.get({ id: three.id })).toMatchObject({ status: 'queued', queuePosition: 2 });
  signals.open('one');
  await daemon.ended(one.id);
  expect(await until('the second to be let in', async () => (await daemon.client.session.get({ id: two.id })).status === 'running')).toBe(
    true,
  );
  expect(await daemon.client.session.get({ id: three.id })).toMatchObject({ status: 'queued', queuePosition: 1 });
  signals.open('two');
  signals.open('three');
  expect((await daemon.ended(three.id)).status).toBe('succeeded');
});
