import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  argumentShape,
  commandShape,
  concurrencyShape,
  leaseShape,
  retryShape,
  scheduleShape,
  sessionShape,
  stepLists,
  stepShape,
  windowShape,
  worktreeShape,
} from '../../../daemon/commands/file-shape.ts';
import { templateVariables } from '../../../daemon/commands/template.ts';
import { builtinNames } from '../../../daemon/sessions/builtins/index.ts';
import { packageRoot } from '../../helpers/package-root.ts';

const text = readFileSync(join(packageRoot, 'daemon/commands/README.md'), 'utf8');
/** What stands in code type, word by word. */
const words = new Set([...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.split(/[^A-Za-z_-]+/)));

test.each([
  ['a command', [...Object.keys(commandShape), ...stepLists, 'arguments', 'worktree', 'session', 'leases', 'concurrency', 'schedule']],
  ['a step', [...Object.keys(stepShape), 'retry']],
  ['an argument', Object.keys(argumentShape)],
  ['the blocks', [worktreeShape, sessionShape, windowShape].flatMap((shape) => Object.keys(shape))],
  ['the maps', [leaseShape, retryShape, scheduleShape, concurrencyShape].flatMap((shape) => Object.keys(shape))],
  ['the builtins', [...builtinNames, 'prompt-agent']],
  ['the templates', templateVariables],
])('the reference of the command file names every key of %s', (_, keys) => {
  expect(keys.length).toBeGreaterThan(3);
  expect(keys.filter((key) => !words.has(key))).toEqual([]);
});
