// The sources as text, with what each of them imports: for the tests that guard the architecture.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const rooms = ['schemas', 'rpc', 'client', 'daemon'] as const;

export interface Import {
  /** A path from the root of the repository, the name of a package, or `node:x`. */
  readonly target: string;
  readonly kind: 'own' | 'package' | 'builtin';
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export function sourceFiles(folders: readonly string[] = rooms): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readSource(relative(root, join(entry.parentPath, entry.name)))),
  );
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: importsOf(path, text) };
}

export function importsOf(path: string, text: string): Import[] {
  const code = text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const statements = [...code.matchAll(/^(?:import|export)\s+(?:(type)\s+)?([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/gm)].map(
    ([, type, names = '', source = '']) => ({ source, typeOnly: type !== undefined || onlyTypes(names) }),
  );
  const bare = [...code.matchAll(/^import\s*['"]([^'"]+)['"]/gm)].map(([, source = '']) => ({ source, typeOnly: false }));
  const dynamic = [...code.matchAll(/(typeof\s+)?\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g)].map(([, type, source = '']) => ({
    source,
    typeOnly: type !== undefined,
  }));
  return [...statements, ...bare, ...dynamic].map(({ source, typeOnly }) => ({ ...resolveSource(path, source), typeOnly }));
}

function onlyTypes(names: string): boolean {
  const listed = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  const members = listed
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return members !== undefined && members.length > 0 && members.every((name) => name.startsWith('type '));
}

function resolveSource(path: string, source: string): Omit<Import, 'typeOnly'> {
  if (source.startsWith('.')) return { target: join(dirname(path), source), kind: 'own' };
  const bare = source.replace(/^node:/, '');
  if (builtinModules.includes(bare)) return { target: `node:${bare}`, kind: 'builtin' };
  const [scope = '', name = ''] = source.split('/');
  return { target: scope.startsWith('@') ? `${scope}/${name}` : scope, kind: 'package' };
}
