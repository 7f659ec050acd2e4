// Several processes write one file: each gets its turn, and nothing is lost.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundleProgram } from '../../helpers/bundle-program.ts';
import { openTestStore } from '../../helpers/open-store.ts';

const run = promisify(execFile);
const writers = 10;
const each = 100;

test('ten processes with a hundred transactions each leave a thousand rows, every one of them once and in its own order', async () => {
  using opened = openTestStore();
  using program = bundleProgram('write-times');
  const names = Array.from({ length: writers }, (_, n) => `writer ${n}`);
  await Promise.all(names.map((name) => run(process.execPath, [program.path, opened.path, name, String(each)])));
  const events = opened.store.read((r) => r.events.page(0, 10_000));
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: writers * each }, (_, n) => n + 1));
  const reasons = events.map(({ text }) => (JSON.parse(text) as { data: { reason: string } }).data.reason);
  for (const name of names) {
    expect(reasons.filter((reason) => reason.startsWith(`${name} `))).toEqual(Array.from({ length: each }, (_, n) => `${name} ${n + 1}`));
  }
}, 120_000);
