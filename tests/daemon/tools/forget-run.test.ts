import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { forgetRun } from '../../../daemon/tools/forget-run.ts';
import { createPlace, until } from './tools-fixture.ts';

test('a last file that comes after its run was forgotten goes too, and that of another run stays', async () => {
  await using place = createPlace();
  const { files: stepFiles, watch: exits } = place;
  const end = (id: string): void => writeFileSync(place.path(`steps/${id}.exit`), 'exit 0');
  await stepFiles.writeSpec('late', { cwd: '/', argv: ['true'], env: {} });
  await forgetRun({ stepFiles, exits }, 'late');
  expect(await stepFiles.listIds()).toEqual([]);

  end('other');
  end('late');
  await until('the late file to go', async () => !(await stepFiles.listIds()).includes('late'));
  expect(await stepFiles.listIds()).toEqual(['other']);
  await forgetRun({ stepFiles, exits }, 'other');
  expect(await stepFiles.listIds()).toEqual([]);
});
