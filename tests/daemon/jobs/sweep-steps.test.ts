import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createLateSweep, sweepSteps } from '../../../daemon/jobs/sweep-steps.ts';
import { createStepFiles } from '../../../daemon/tools/step-files.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow, terminalRow } from '../../helpers/open-store.ts';

const shell = idOf('stp', 901);

/** A running step, one that ended, and a terminal whose first window is of the run `shell`. */
async function openSweep() {
  const opened = openTestStore();
  const stepFiles = createStepFiles({ dir: opened.dir.path, scriptsDir: '/unused' });
  await opened.store.write((w) => {
    w.projects.insert(projectRow());
    w.sessions.insert(sessionRow(1, { status: 'running' }));
    w.steps.insert(stepRow(1, { status: 'running' }));
    w.steps.insert(stepRow(2, { status: 'succeeded', endedAt: 9 }));
    w.terminals.insert(terminalRow(1));
  });
  return {
    deps: { store: opened.store, stepFiles },
    leave: (...names: string[]): void => {
      for (const name of names) writeFileSync(opened.dir.at(name), 'exit 0');
    },
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

const needed = [idOf('stp', 1), shell, `${shell}_w1`];
const unneeded = [`${idOf('stp', 2)}.exit`, `${idOf('stp', 3)}.pid`, `${idOf('stp', 4)}.spec.tmp`];

test('at start everything goes that no unfinished step and no live terminal needs, half a file as well', async () => {
  using sweep = await openSweep();
  sweep.leave(...needed.map((id) => `${id}.pid`), ...unneeded);
  await sweepSteps(sweep.deps);
  expect(await sweep.deps.stepFiles.listIds()).toEqual(needed);
});

test('later only what nobody needed at two looks goes', async () => {
  using sweep = await openSweep();
  const late = createLateSweep(sweep.deps);
  sweep.leave(...needed.map((id) => `${id}.pid`), ...unneeded);
  await late();
  expect(await sweep.deps.stepFiles.listIds()).toHaveLength(needed.length + unneeded.length);
  sweep.leave(`${idOf('stp', 5)}.spec`);
  await late();
  expect(await sweep.deps.stepFiles.listIds()).toEqual([idOf('stp', 1), idOf('stp', 5), shell, `${shell}_w1`]);
});
