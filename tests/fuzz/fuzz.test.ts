// The properties with the same inputs each time. Others: COPPICE_SEED=… npm test -- tests/fuzz, or `npm run fuzz`, which goes on for as long as it is told.
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { OpenTarget } from './target.ts';
import { targets } from './targets.ts';

const seed = Number(process.env.COPPICE_SEED ?? 20_260_704);

describe.each(targets.map((target) => [target.name, target] as const))(`fuzzed %s (COPPICE_SEED=${seed})`, (_, target) => {
  let open: OpenTarget;
  beforeAll(async () => {
    open = await target.open();
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
  });

  test.each(target.properties.map(({ says, runs }) => [says, runs] as const))('%s', { timeout: 600_000 }, async (says, runs) => {
    await open.holds(says, { seed, runs });
  });
});
