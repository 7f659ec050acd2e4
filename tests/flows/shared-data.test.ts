// What steps publish, and who reads and writes it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { startStory } from '../helpers/story.ts';

test('a published value is read by a later step by template, by the context file, and by calls', async () => {
  await using story = await startStory((signals) => ({
    commands: {
      share: commandFile('share', {
        steps: [
          shell('echo "version=1.10" >> "$COPPICE_OUTPUT_FILE"'),
          shell(
            `echo "$V" > ${signals.path('template')}; cp "$COPPICE_CONTEXT_FILE" ${signals.path('context')}; ${signals.tell('token', '$COPPICE_TOKEN')}`,
            {
              env: { V: '{{ data.version }}' },
            },
          ),
          shell(signals.waitFor('gate')),
        ],
      }),
      other: commandFile('other', { steps: [shell(signals.waitFor('gate'))] }),
    },
  }));
  const { repo, home, signals, daemon } = story;
  const { id, slug } = await daemon.start(repo.path, 'share');
  const other = await daemon.start(repo.path, 'other');
  const [token] = await signals.lines('token');

  expect(readFileSync(signals.path('template'), 'utf8')).toBe('1.10\n');
  expect(JSON.parse(readFileSync(signals.path('context'), 'utf8')).sharedData).toEqual({ version: '1.10' });
  expect(await daemon.client.session.getData({ id, key: 'version' })).toEqual({ key: 'version', value: '1.10' });
  await expect(daemon.client.session.getData({ id, key: 'versoin' })).rejects.toMatchObject({
    kind: 'NOT_FOUND',
    details: { suggestions: ['version'] },
  });

  const inside = await connect({ socketPath: home.socketPath, env: home.env(), token: token as string });
  await inside.session.setData({ id, key: 'seen', value: { by: ['agent'] } });
  await expect(inside.session.setData({ id: other.id, key: 'seen', value: 1 })).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  await inside.close();
  expect((await daemon.cli(['data', slug, 'note=a=b'])).exitCode).toBe(0);
  expect((await daemon.cli(['data', slug, 'note'])).stdout).toBe('a=b\n');
  expect((await daemon.client.session.listData({ id })).data).toEqual({ note: 'a=b', seen: { by: ['agent'] }, version: '1.10' });
  await expect(daemon.client.session.setData({ id, key: 'big', value: 'x'.repeat(70_000) })).rejects.toMatchObject({
    kind: 'LIMIT_EXCEEDED',
  });
  const writers = (await daemon.events({ types: ['session.dataSet'] })).map(({ actor }) => actor);
  expect(writers).toEqual([`session:${id}`, `session:${id}`, 'owner']);
  signals.open('gate');
  await daemon.ended(id);
  await expect(daemon.client.session.setData({ id, key: 'late', value: 1 })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
});
