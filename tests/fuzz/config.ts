import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { readConfig } from '../../daemon/config/load.ts';
import { Config } from '../../schemas/config.ts';
import { configTree, keyPaths } from '../../schemas/config-tree.ts';
import { limits } from '../../schemas/limits.ts';
import { Diagnostic } from '../../schemas/primitives.ts';
import { inTimeAwaited, type TimeBound } from './in-time.ts';
import { oddWords } from './json-text.ts';
import { mutatedText, repeatedText } from './mutated-text.ts';
import { fuzzTarget } from './target.ts';
import { wellFormed } from './well-formed.ts';

const userPath = '/home/ada/.config/coppice/config.toml';
const projectPath = '/src/shop/.coppice/config.toml';

const files = [
  `[sessions]\ntimeout = 60\nshell = "/bin/sh"\n[daemon]\nlog_level = "debug"\n[hot_reload]\nmode = "defer"\ndebounce_ms = 200\n`,
  `[models.opus]\nprovider = "anthropic"\nmodel = "claude-opus-4-1"\ntier = "high"\naliases = ["best"]\n\n[agents.claude]\nmodel = "best"\n`,
  `[agents.mine]\nprotocol = "headless"\ncommand = ["my-agent"]\nenv = ["MY_KEY"]\n[quality_gates.plan]\nmembers = ["claude", "mine"]\nrequired = 2\n`,
  `[policy]\nallow_executables = ["git", "/opt/tools/*"]\nmax_sessions = 5\n[credentials]\nhub = { env = "HUB_TOKEN" }\nkey = { file = "/home/me/key" }\n`,
  `[[hooks.events]]\non = "specTask.*"\nrun = ["/home/me/bin/tell-me"]\n[spec_tasks.limits]\nslots = 4\n[retry.store_write]\nmax_attempts = 3\n`,
  `worktrees = { root = "/w", copy = [".env*", { pattern = "x", mode = "link" }] }\n[auth.example]\nissuer = "https://login.example"\n`,
];
const keys = keyPaths(() => ['x']).map((path) => path.join('.'));
const values = [
  ...[
    '0',
    '-1',
    '1.5',
    '1e400',
    '+inf',
    'nan',
    '0xffffffffffffffff',
    '9'.repeat(40),
    'true',
    '1979-05-27T07:32:00Z',
    '07:32:00',
    '""',
    '"x"',
  ],
  ...["'''\n'''", '[]', '[1, "a"]', '{}', '{ a = 1 }', '{ a.b = 1, a.c = 2 }', '"\\u0000"', '"\\ud800"', '"\\U00110000"', '[[]]'],
];
const markers = [
  ...[
    '[',
    ']',
    '[[',
    ']]',
    '=',
    '.',
    '"',
    "'",
    '"""',
    "'''",
    '{',
    '}',
    ',',
    '#',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '\ufeff',
    '\ud800',
    '\u2028',
    '_',
  ],
  ...[
    '[a.b]\n',
    '[[a]]\n',
    '[models.x]\n',
    '__proto__ = 1\n',
    '[__proto__]\n',
    'constructor.prototype.x = 1\n',
    '"" = 1\n',
    'a = 1\na = 2\n',
  ],
  ...keys.map((key) => `${key} = `),
  ...values.map((value) => `${value}\n`),
];

/** Any value for any key, and for names that are none. */
const settings = fc
  .array(fc.tuple(fc.constantFrom(...keys, ...oddWords.map((word) => JSON.stringify(wellFormed(word)))), fc.constantFrom(...values)), {
    maxLength: 12,
  })
  .map((lines) => lines.map(([key, value]) => `${key} = ${value}\n`).join(''));

const path = fc.stringMatching(/^\/[a-zA-Z0-9 .ä"'\\-]{0,30}$/);
/** What is right, and what must then be in force. */
const right = fc.record(
  {
    daemon: fc.record({
      log_level: fc.constantFrom('trace', 'debug', 'info', 'warn', 'error'),
      drain_ms: fc.integer({ min: 0, max: 60_000 }),
    }),
    worktrees: fc.record({ root: path }),
    sessions: fc.record({ max_running: fc.integer({ min: 1, max: 1_000 }), timeout: fc.integer({ min: 0, max: 604_800 }), shell: path }),
    events: fc.record({ keep_days: fc.integer({ min: 1, max: 3_650 }), keep_rows: fc.integer({ min: 1_000, max: 100_000_000 }) }),
    hooks: fc.record({
      pre_remove: fc.array(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
    }),
    hot_reload: fc.record({ enabled: fc.boolean(), mode: fc.constantFrom('auto', 'manual', 'defer') }),
    metrics: fc.record({ enabled: fc.boolean() }),
  },
  { requiredKeys: [] },
);

const bound: TimeBound = { ms: 40, perBytes: 10_000 };

export const configTarget = fuzzTarget('config', [
  {
    says: 'a mutated configuration is taken whole or says where it is wrong, in its time',
    runs: 2_000,
    of: () => fc.asyncProperty(mutatedText(files, markers), (text) => holdsTrue(text, bound)),
  },
  {
    says: 'any value for any key is taken or says where it is wrong',
    runs: 1_500,
    of: () => fc.asyncProperty(settings, (text) => holdsTrue(text, bound)),
  },
  {
    says: 'anything repeated up to the greatest size of a configuration is answered within two seconds',
    runs: 30,
    of: () =>
      fc.asyncProperty(repeatedText(markers, limits.configFileBytes), (text) =>
        holdsTrue(text, { ms: 2_000, perBytes: limits.configFileBytes }),
      ),
  },
  {
    says: 'what is written is what is in force',
    runs: 500,
    of: () =>
      fc.asyncProperty(right, async (wanted) => {
        const read = await readConfig({ user: { path: userPath, text: stringify(wanted) } });
        if (!('loaded' in read)) throw new Error(JSON.stringify(read.diagnostics));
        const inForce = read.loaded.config as unknown as Record<string, Record<string, unknown>>;
        for (const [section, table] of Object.entries(wanted)) {
          for (const [key, value] of Object.entries(table)) {
            const found = JSON.stringify(inForce[section]?.[key]);
            if (found !== JSON.stringify(value)) throw new Error(`${section}.${key} is ${found} instead of ${JSON.stringify(value)}`);
          }
        }
      }),
  },
]);

async function holdsTrue(text: string, time: TimeBound): Promise<void> {
  await judge(await inTimeAwaited(text, time, () => readConfig({ user: { path: userPath, text } })), text);
  await judge(await inTimeAwaited(text, time, () => readConfig({ project: { path: projectPath, text } })), text, 'project');
}

async function judge(read: Awaited<ReturnType<typeof readConfig>>, text: string, layer = 'user'): Promise<void> {
  const lines = text.split(/\r\n|\r|\n/).length;
  const loaded = 'loaded' in read ? read.loaded : undefined;
  const diagnostics = 'loaded' in read ? read.loaded.warnings : read.diagnostics;
  const claims: readonly (readonly [string, boolean])[] = [
    ['what is not taken says why', loaded !== undefined || diagnostics.some(({ level }) => level === 'error')],
    ['problems are bounded', diagnostics.length <= 2 * limits.configFaults],
    ['every place is in the file', diagnostics.every(({ line = 1, column = 1 }) => line >= 1 && line <= lines && column >= 1)],
    ['every message says something', diagnostics.every(({ message }) => message !== '')],
    ['the schema of problems fits', diagnostics.every((one) => Diagnostic.safeParse(one).success)],
    ['what is taken fits the schema', loaded === undefined || Config.safeParse(loaded.config).success],
    ['what is taken is frozen', loaded === undefined || isFrozen(loaded.config)],
    ['a project sets only what it may', layer !== 'project' || loaded === undefined || setsOnlySafeKeys(loaded.layers)],
    ['nothing was put on all objects', Object.keys(Object.prototype).length === 0 && !('x' in {})],
  ];
  const wrong = claims.filter(([, holds]) => !holds).map(([claim]) => claim);
  if (wrong.length > 0) throw new Error(`not true (${layer}): ${wrong.join(', ')}: ${JSON.stringify(diagnostics.slice(0, 5))}`);
}

function isFrozen(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
}

const safeKeys = new Set(
  keyPaths(() => [], configTree)
    .filter((at) => isSafe(at))
    .map((at) => at.join('.')),
);

function isSafe(at: readonly string[]): boolean {
  let node: typeof configTree | undefined = configTree;
  for (const name of at) node = node?.kind === 'table' ? node.members[name] : undefined;
  return node?.kind === 'key' && node.projectSafe === true;
}

function setsOnlySafeKeys(layers: readonly { readonly name: string; readonly tree: object }[]): boolean {
  const tree = layers.find(({ name }) => name === 'project')?.tree ?? {};
  return Object.entries(tree).every(([section, table]) => Object.keys(table as object).every((key) => safeKeys.has(`${section}.${key}`)));
}
