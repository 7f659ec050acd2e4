import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type ParsedCommand, parseCommand } from '../../daemon/commands/parse-command.ts';
import { asData } from '../../daemon/commands/scalar.ts';
import { readYaml } from '../../daemon/commands/yaml-source.ts';
import { limits } from '../../schemas/limits.ts';
import { Diagnostic } from '../../schemas/primitives.ts';
import { inTime } from './in-time.ts';
import { jsonText, oddWords } from './json-text.ts';
import { mutatedText, repeatedText } from './mutated-text.ts';
import { fuzzTarget } from './target.ts';

const path = '/p/x.yaml';
const folder = join(import.meta.dirname, '../fixtures/commands');
const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

const markers = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '? ',
    '&a ',
    '*a',
    '*a: ',
    '<<: *a',
    '!!x ',
    '!!binary ',
    '|',
    '>',
    '\t',
    '\n',
    '\r\n',
    '"',
    "'",
    ',',
  ],
  ...['{{ ', ' }}', '#', '\0', '%', '%YAML 1.1\n---\n', '~', '\ufeff', '\ud800', '\u2028', '---\n', '...\n', '1e999', '0x', '9'.repeat(40)],
  ...[
    '__proto__: ',
    'constructor: {prototype: {x: 1}}\n',
    'name: ',
    'steps:\n  - ',
    'when: ',
    'retry: ',
    'arguments:\n  - ',
    'extends: ',
    '$steps',
  ],
];

/** Anchors whose values are made of the ones before: small to write, and past all bounds when they are written out. */
const aliases = fc.array(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 40 }).map((lists) => {
  const item = (from: number, at: number): string => (at === 0 ? 'x' : `*a${from % at}`);
  return lists.map((list, at) => `a${at}: &a${at} [${list.map((from) => item(from, at)).join(', ')}]`).join('\n');
});

/** Brackets in brackets, of which not all are closed. */
const nested = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '&a [', '!t ['), fc.integer({ min: 1, max: 60_000 }), fc.nat({ max: 2 }))
  .map(([open, depth, closed]) => {
    const count = Math.min(depth, Math.floor(limits.commandFileBytes / 2 / open.length) - 10);
    const close = open.includes('{') ? '}' : open.includes('[') ? ']' : '';
    return `name: x\nsteps: ${open.repeat(count)}x${close.repeat(closed === 0 ? 0 : closed === 1 ? count : count - 1)}`;
  });

const known = [
  ...[
    'name',
    'description',
    'category',
    'extends',
    'abstract',
    'lifecycle',
    'arguments',
    'environment',
    'prompt_file',
    'pre_steps',
    'steps',
  ],
  ...['post_steps', 'cleanup_on_failure', 'finally_steps', 'working_directory', 'timeout', 'requires', 'worktree', 'session', 'leases'],
  ...[
    'concurrency',
    'schedule',
    'action',
    'type',
    'args',
    'env',
    'credentials',
    'run_in',
    'when',
    'retry',
    'id',
    'script',
    'branch',
    'keep',
  ],
  ...['copy', 'pattern', 'windows', 'choices', 'default', 'required', 'secret', 'max_attempts', 'on', 'key', 'kind', 'pool', 'cron'],
];

export const commandsTarget = fuzzTarget('commands', [
  {
    says: 'a mutated command file is a definition or says where it is wrong, in its time',
    runs: 3_000,
    of: () => fc.property(mutatedText(files, markers), (text) => holdsTrue(text, parsedInTime(text))),
  },
  {
    says: 'known keys with any values are a definition or say where they are wrong',
    runs: 1_500,
    of: () => fc.property(jsonText([...known, ...oddWords]), (text) => holdsTrue(text, parsedInTime(text))),
  },
  {
    says: 'aliases of aliases and brackets in brackets are refused before they cost anything',
    runs: 300,
    of: () =>
      fc.property(fc.oneof(aliases, nested), (text) => {
        holdsTrue(
          text,
          inTime(text, { ms: 500, perBytes: limits.commandFileBytes }, () => parseCommand(text, { path })),
        );
      }),
  },
  {
    says: 'anything repeated up to the greatest size of a command file is answered within a second',
    runs: 40,
    of: () =>
      fc.property(repeatedText(markers, limits.commandFileBytes), (text) => {
        holdsTrue(
          text,
          inTime(text, { ms: 1_000, perBytes: limits.commandFileBytes }, () => parseCommand(text, { path })),
        );
      }),
  },
  {
    says: 'JSON is YAML, and is read as what it says',
    runs: 1_500,
    of: () =>
      // Numbers that print as they are written; others stay the text that they are.
      fc.property(jsonText(oddWords, ['0', '1', '-1', '1.5', '0.1']), (text) => {
        const { value, problems } = readYaml(text);
        if (problems.diagnostics.length > 0) throw new Error(JSON.stringify(problems.diagnostics));
        const [read, said] = [JSON.stringify(asData(value)), JSON.stringify(JSON.parse(text))];
        if (read !== said) throw new Error(`${read} instead of ${said}`);
      }),
  },
]);

function parsedInTime(text: string): ParsedCommand {
  return inTime(text, { ms: 40, perBytes: 10_000 }, () => parseCommand(text, { path }));
}

function holdsTrue(text: string, { definition, diagnostics }: ParsedCommand): void {
  const lines = text.split('\n').length;
  const errors = diagnostics.filter(({ level }) => level === 'error');
  const claims: readonly (readonly [string, boolean])[] = [
    ['a definition is there if nothing is wrong, and only then', (definition === undefined) === errors.length > 0],
    ['every place is in the file', diagnostics.every(({ line = 0, column = 0 }) => line >= 1 && line <= lines && column >= 1)],
    ['every message says something', diagnostics.every(({ message }) => message !== '')],
    ['the schema fits', diagnostics.every((one) => Diagnostic.safeParse(one).success)],
    ['problems are bounded', diagnostics.length <= 202],
    ['a definition is plain data', definition === undefined || isPlainData(definition)],
    ['nothing was put on all objects', Object.keys(Object.prototype).length === 0 && !('x' in {})],
  ];
  const wrong = claims.filter(([, holds]) => !holds).map(([claim]) => claim);
  if (wrong.length > 0) throw new Error(`not true: ${wrong.join(', ')}: ${JSON.stringify(diagnostics.slice(0, 5))}`);
}

/** It goes into the database as JSON and comes back the same, and no key of it ever became a prototype. */
function isPlainData(value: unknown): boolean {
  const text = JSON.stringify(value);
  return JSON.stringify(JSON.parse(text)) === text && hasPlainPrototypes(value);
}

function hasPlainPrototypes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === Array.prototype) && Object.values(value).every(hasPlainPrototypes);
}
