// Who may import whom, read from the sources themselves. The rooms are also held apart by the references of tsconfig.json, and most of
// the rest by the overrides of biome.json; this reads everything again and trusts neither. What a file may use is in policy/rules.ts.
import { describe, expect, test } from 'vitest';
import { type SourceFile, sourceFile, sourceFiles } from '../helpers/source-files.ts';

const files = sourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));
const roomOf = (path: string): string => path.split('/')[0] ?? '';
const below = (folder: string): SourceFile[] => files.filter(({ path }) => path.startsWith(`${folder}/`));
const exists = (path: string): boolean => byPath.has(path) || path.endsWith('.json');

interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  readonly builtins: boolean;
}

const rooms: Readonly<Record<string, Room>> = {
  schemas: { rooms: ['schemas'], packages: ['zod'], builtins: false },
  rpc: { rooms: ['rpc', 'schemas'], packages: ['json-rpc-2.0', 'ws', 'zod'], builtins: true },
  client: { rooms: ['client', 'rpc', 'schemas'], packages: ['commander', 'ink', 'react', 'string-width', 'vscode'], builtins: true },
  daemon: {
    rooms: ['daemon', 'rpc', 'schemas'],
    packages: [
      '@agentclientprotocol/sdk',
      'better-sqlite3',
      'execa',
      'node-cron',
      'oauth4webapi',
      'picomatch',
      'pino',
      'simple-git',
      'smol-toml',
      'toml-eslint-parser',
      'ulid',
      'yaml',
      'zod',
    ],
    builtins: true,
  },
};

const floors: Readonly<Record<string, number>> = { kernel: 1, store: 2, tools: 2, agents: 2, handlers: 4, server: 4, jobs: 4, root: 5 };

/** A folder of daemon/, or `root` for the files that stand in it. */
function folderOf(path: string): string {
  const [, folder = ''] = path.split('/');
  return folder.endsWith('.ts') ? 'root' : folder;
}

function floorOf(path: string): number {
  return floors[folderOf(path)] ?? 3;
}

/**
 * Which folder of a floor may run code of another on it. Everything else crosses as types, wired by the root. On floor 3 only modules
 * that are pure may be reached this way, and never a service.
 */
const neighbours: readonly (readonly [string, string])[] = [
  ['handlers', 'server'],
  ['coordination', 'work-sessions'],
  ['gates', 'commands'],
  ['groups', 'sessions'],
  ['instances', 'commands'],
  ['merging', 'projects'],
  ['merging', 'sessions'],
  ['merging', 'spec-tasks'],
  ['overview', 'attention'],
  ['overview', 'events'],
  ['overview', 'instances'],
  ['overview', 'spec-tasks'],
  ['overview', 'work-sessions'],
  ['config', 'models'],
  ['sessions', 'artifacts'],
  ['sessions', 'commands'],
  ['sessions', 'projects'],
  ['sessions', 'worktrees'],
  ['spec-tasks', 'commands'],
  ['spec-tasks', 'projects'],
  ['spec-tasks', 'sessions'],
  ['spec-tasks', 'worktrees'],
  ['work-sessions', 'sessions'],
  ['work-sessions', 'spec-tasks'],
  ['work-sessions', 'worktrees'],
  ['worktrees', 'projects'],
];

describe('the rooms', () => {
  test('there are files to look at, and every import of ours leads to one', () => {
    expect(files.length).toBeGreaterThan(100);
    for (const room of Object.keys(rooms)) expect(below(room).length, room).toBeGreaterThan(10);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(500);
    const lost = files.flatMap(({ path, imports }) =>
      imports.filter(({ kind, target }) => kind === 'own' && !exists(target)).map(({ target }) => `${path} → ${target}`),
    );
    expect(lost).toEqual([]);
  });

  test.each(Object.entries(rooms))('%s imports only its own rooms and packages', (name, room) => {
    const offences = below(name).flatMap(({ path, imports }) =>
      imports
        .filter(({ kind, target }) => {
          if (kind === 'own') return !room.rooms.includes(roomOf(target)) && target !== 'package.json';
          return kind === 'builtin' ? !room.builtins : !room.packages.includes(target);
        })
        .map(({ target }) => `${path} → ${target}`),
    );
    expect(offences).toEqual([]);
  });

  test('zod runs in rpc only where the contract becomes documents: a client never loads it', () => {
    const running = below('rpc').filter(({ imports }) => imports.some(({ target, typeOnly }) => target === 'zod' && !typeOnly));
    expect(running.map(({ path }) => path).toSorted()).toEqual(['rpc/contract-files.ts', 'rpc/openrpc.ts']);
    expect(
      [...reachable('client/index.ts'), ...reachable('client/cli/main.ts')].filter(
        (target) => target === 'zod' || target.startsWith('daemon/'),
      ),
    ).toEqual([]);
  });

  test('nobody imports tests', () => {
    const offences = files.filter(({ imports }) => imports.some(({ target }) => roomOf(target) === 'tests' || target === 'vitest'));
    expect(offences.map(({ path }) => path)).toEqual([]);
  });
});

/** All that runs when a file is loaded: own files and packages. */
function reachable(from: string, seen = new Set<string>()): Set<string> {
  if (seen.has(from)) return seen;
  seen.add(from);
  for (const { target, typeOnly } of byPath.get(from)?.imports ?? []) if (!typeOnly) reachable(target, seen);
  return seen;
}

describe('the floors of the daemon', () => {
  const crossings = below('daemon').flatMap(({ path, imports }) =>
    imports
      .filter(({ kind, target }) => kind === 'own' && roomOf(target) === 'daemon' && folderOf(target) !== folderOf(path))
      .map((found) => ({ ...found, path })),
  );

  test('the kernel imports schemas and itself alone', () => {
    const offences = below('daemon/kernel').flatMap(({ path, imports }) =>
      imports
        .filter(({ kind, target }) => kind === 'own' && !target.startsWith('daemon/kernel/') && roomOf(target) !== 'schemas')
        .map(({ target }) => `${path} → ${target}`),
    );
    expect(offences).toEqual([]);
  });

  test('a floor imports lower floors only, types included', () => {
    expect(crossings.length).toBeGreaterThan(100);
    const upward = crossings.filter(({ path, target }) => floorOf(target) > floorOf(path));
    expect(upward.map(({ path, target }) => `${path} → ${target}`)).toEqual([]);
  });

  const sideways = crossings.filter(({ path, target }) => floorOf(target) === floorOf(path) && floorOf(path) < 5);

  test('on a floor, folders see each other as types; the few that run code of a neighbour are listed', () => {
    const offences = sideways.filter(
      ({ path, target, typeOnly }) => !typeOnly && !neighbours.some(([from, to]) => folderOf(path) === from && folderOf(target) === to),
    );
    expect(offences.map(({ path, target }) => `${path} → ${target}`)).toEqual([]);
  });

  test('what runs from a neighbour in the domain is pure: no service, no store, no tool, no file', () => {
    const targets = new Set(sideways.filter(({ path, typeOnly }) => !typeOnly && floorOf(path) === 3).map(({ target }) => target));
    expect(targets.size).toBeGreaterThan(5);
    const impure = [...targets].filter((target) => target.endsWith('/service.ts') || [...reachable(target)].some(touchesWorld));
    expect(impure).toEqual([]);
  });

  test('in the domain, types included, nobody looks back along the graph', () => {
    const edges = new Map<string, Set<string>>();
    for (const { path, target } of sideways) {
      const from = folderOf(path);
      edges.set(from, (edges.get(from) ?? new Set()).add(folderOf(target)));
    }
    expect(findCycle(edges)).toBeUndefined();
  });
});

function touchesWorld(target: string): boolean {
  const pure = ['node:path', 'node:util', 'node:crypto'];
  return /^daemon\/(store|tools)\//.test(target) || (target.startsWith('node:') && !pure.includes(target));
}

function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const visit = (node: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(node)) return [...trail, node];
    for (const next of edges.get(node) ?? []) {
      const found = visit(next, [...trail, node]);
      if (found) return found;
    }
    return undefined;
  };
  for (const node of edges.keys()) {
    const found = visit(node, []);
    if (found) return found;
  }
  return undefined;
}

test('imports of every form are seen', () => {
  const text = [
    "import a from 'x';",
    "import type { B } from './b.ts';",
    "import { type C, type D } from './c.ts';",
    "import { type E, f } from './d.ts';",
    "export { g } from '../kernel/g.ts';",
    "import {\n  h,\n} from 'node:fs';",
    "import '@scope/name/deep';",
    "const i = await import('./i.ts');",
    "type J = import('./j.ts').J;",
    "export * from './k.ts';",
    "const l = require('l');",
    'const n = await import(`n`);',
    'const o = await import(name);',
    "// import { no } from 'comment';",
    "const m = `import { no } from 'text'`;",
  ].join('\n');
  expect(sourceFile('daemon/store/a.ts', text).imports.map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
    ['x', false],
    ['daemon/store/b.ts', true],
    ['daemon/store/c.ts', true],
    ['daemon/store/d.ts', false],
    ['daemon/kernel/g.ts', false],
    ['node:fs', false],
    ['@scope/name', false],
    ['daemon/store/i.ts', false],
    ['daemon/store/j.ts', true],
    ['daemon/store/k.ts', false],
    ['l', false],
    ['n', false],
    ['(computed)', false],
  ]);
});
