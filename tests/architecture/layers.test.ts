// Who may import whom, read from the sources themselves. The rooms are also held apart by the references of tsconfig.json, and most of
// the rest by the overrides of biome.json; this reads everything again and trusts neither.
import { describe, expect, test } from 'vitest';
import { importsOf, type SourceFile, sourceFiles } from '../helpers/source-files.ts';

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
  client: { rooms: ['client', 'rpc', 'schemas'], packages: ['commander'], builtins: true },
  daemon: {
    rooms: ['daemon', 'rpc', 'schemas'],
    packages: ['better-sqlite3', 'chokidar', 'execa', 'node-cron', 'pino', 'simple-git', 'smol-toml', 'ulid', 'yaml', 'zod'],
    builtins: true,
  },
};

/** Where a package may be named at all, by the beginning of the path. What is not listed is left to the rooms. */
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['daemon/store/'],
  execa: ['daemon/tools/process.ts', 'daemon/tools/step-process.ts'],
  chokidar: ['daemon/tools/'],
  'node-cron': ['daemon/tools/'],
  'simple-git': ['daemon/tools/'],
  pino: ['daemon/kernel/log.ts'],
  ulid: ['daemon/kernel/ids.ts'],
  'smol-toml': ['daemon/config/'],
  yaml: ['daemon/commands/'],
  commander: ['client/cli/'],
  'json-rpc-2.0': ['rpc/'],
  ws: ['rpc/'],
};

const floors: Readonly<Record<string, number>> = { kernel: 1, store: 2, tools: 2, handlers: 4, server: 4, jobs: 4, root: 5 };

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
  ['sessions', 'commands'],
  ['sessions', 'projects'],
  ['sessions', 'worktrees'],
  ['spec-tasks', 'commands'],
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

describe('packages', () => {
  test.each(Object.entries(packageHomes))('%s is named only where it belongs', (name, homes) => {
    const users = files.filter(({ imports }) => imports.some(({ target }) => target === name)).map(({ path }) => path);
    expect(users.filter((path) => !homes.some((home) => path.startsWith(home)))).toEqual([]);
  });
});

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

describe('what only a few may touch', () => {
  const users = (folder: string, pattern: RegExp): string[] =>
    below(folder)
      .filter(({ text }) => pattern.test(text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '')))
      .map(({ path }) => path);

  test('the environment of the process: main.ts in the daemon, the default of connect and main.ts in the client', () => {
    const environment = /process\.env\b|\benv\s*\}\s*=\s*process\b/;
    expect(users('daemon', environment)).toEqual(['daemon/main.ts']);
    expect(users('client', environment).toSorted()).toEqual(['client/cli/main.ts', 'client/connect.ts']);
    expect([...users('rpc', environment), ...users('schemas', environment)]).toEqual([]);
  });

  test('the clock and randomness of the daemon', () => {
    expect(users('daemon', /\bDate\.now\b|\bMath\.random\b|new Date\(\)/).toSorted()).toEqual(['daemon/kernel/clock.ts', 'daemon/main.ts']);
  });

  test('no default exports, no console', () => {
    const offences = files.filter(({ text }) => /^export\s+default\b|\bas default\b/m.test(text) || /^\s*console\./m.test(text));
    expect(offences.map(({ path }) => path)).toEqual([]);
  });

  test('no file turns the linter off, except where it strips control characters', () => {
    const offences = files.filter(({ text }) => /biome-ignore|@ts-ignore|@ts-expect-error|@ts-nocheck/.test(text)).map(({ path }) => path);
    expect(offences).toEqual(['client/cli/text.ts']);
  });
});

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
    "// import { no } from 'comment';",
  ].join('\n');
  expect(importsOf('daemon/store/a.ts', text).map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
    ['x', false],
    ['daemon/store/b.ts', true],
    ['daemon/store/c.ts', true],
    ['daemon/store/d.ts', false],
    ['daemon/kernel/g.ts', false],
    ['node:fs', false],
    ['@scope/name', false],
    ['daemon/store/i.ts', false],
  ]);
});
