import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

describe('the options of the bench', () => {
  test('no words are a full run', () => {
    expect(parseOptions([])).toEqual({ mode: 'full', rounds: 30 });
  });

  test.each([
    { words: ['--quick', '--json', 'x.json'], options: { mode: 'quick', rounds: 5, json: 'x.json' } },
    { words: ['--scale', '--write', 'x.md'], options: { mode: 'scale', rounds: 30, write: 'x.md' } },
    { words: ['--against', 'HEAD~1', '--rounds', '40'], options: { mode: 'against', rounds: 40, against: 'HEAD~1' } },
    { words: ['--only', 'rpc'], options: { mode: 'full', rounds: 30, only: 'rpc' } },
  ])('$words', ({ words, options }) => {
    expect(parseOptions(words)).toEqual(options);
  });

  test.each([
    { words: ['--fast'], says: "Unknown option '--fast'" },
    { words: ['rpc'], says: "Unexpected argument 'rpc'" },
    { words: ['--json'], says: "Option '--json <value>' argument missing" },
    { words: ['--json', '--quick'], says: "Option '--json' argument is ambiguous" },
    { words: ['--quick=yes'], says: "Option '--quick' does not take an argument" },
    { words: ['--quick', '--scale'], says: '--quick and --scale exclude each other' },
    { words: ['--scale', '--against', 'HEAD'], says: '--scale and --against exclude each other' },
    { words: ['--rounds', '3'], says: 'at least 20, not "3"' },
    { words: ['--rounds', 'many'], says: 'at least 20, not "many"' },
    { words: ['--quick', '--rounds', '30'], says: '--rounds has no meaning with --quick' },
    { words: ['--write', 'x.md', '--only', 'rpc'], says: '--write wants a whole run' },
    { words: ['--write', 'x.md', '--quick'], says: '--write wants a whole run' },
    { words: ['--only='], says: '--only wants a text' },
  ])('$words are refused with one sentence', ({ words, says }) => {
    const refused = (): unknown => parseOptions(words);
    expect(refused).toThrow(says);
    expect(refused).toThrow(/^[^\n]*[^.\n]\.$/);
    expect(refused).not.toThrow(/\. [A-Z]/);
  });
});
