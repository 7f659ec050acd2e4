// The sources as syntax trees, with what each of them imports: for the guards of the architecture. TypeScript 7 offers its own trees only
// as an unstable interface, so a parser of its own reads them.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import {
  type Argument,
  type Comment,
  type Expression,
  type ImportDeclarationSpecifier,
  type Program,
  parseSync,
  Visitor,
} from 'oxc-parser';

export const root = join(import.meta.dirname, '..', '..');
export const rooms = ['schemas', 'rpc', 'client', 'daemon'] as const;

export interface Import {
  /** A path from the root of the repository, the name of a package, or `node:x`. */
  readonly target: string;
  readonly kind: 'own' | 'package' | 'builtin';
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
  /** What is taken from it by name. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  lineOf(node: { readonly start: number }): number;
}

export function sourceFiles(folders: readonly string[] = rooms): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8'))),
  );
}

/** A file of that text, whether it is there or not. */
export function sourceFile(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text, { preserveParens: false });
  if (errors[0]) throw new Error(`${path} can not be parsed: ${errors[0].message}`);
  const lineOf = ({ start }: { readonly start: number }): number => text.slice(0, start).split('\n').length;
  return { path, text, program, comments, imports: importsOf(path, program, lineOf), lineOf };
}

function importsOf(path: string, program: Program, lineOf: SourceFile['lineOf']): Import[] {
  const found: Import[] = [];
  const add = (node: { readonly start: number }, source: string, typeOnly: boolean, names: readonly string[] = []): void => {
    found.push({ ...resolveSource(path, source), typeOnly, names, line: lineOf(node) });
  };
  new Visitor({
    ImportDeclaration(node) {
      const { specifiers, importKind, source } = node;
      const allTypes = specifiers.length > 0 && specifiers.every((one) => one.type === 'ImportSpecifier' && one.importKind === 'type');
      add(node, source.value, importKind === 'type' || allTypes, specifiers.map(importedName));
    },
    ExportNamedDeclaration(node) {
      if (node.source) add(node, node.source.value, node.exportKind === 'type');
    },
    ExportAllDeclaration: (node) => add(node, node.source.value, node.exportKind === 'type'),
    ImportExpression: (node) => add(node, literalOf(node.source) ?? unknownSource, false),
    TSImportType: (node) => add(node, node.source.value, true),
    CallExpression({ callee, arguments: [first], start }) {
      if (callee.type === 'Identifier' && callee.name === 'require' && first) add({ start }, literalOf(first) ?? unknownSource, false);
    },
  }).visit(program);
  return found;
}

/** What is loaded by a name that is put together: no room may have it. */
const unknownSource = '(computed)';

function literalOf(node: Expression | Argument): string | undefined {
  if (node.type === 'Literal') return String(node.value);
  return node.type === 'TemplateLiteral' && node.expressions.length === 0 ? node.quasis[0]?.value.raw : undefined;
}

function importedName(specifier: ImportDeclarationSpecifier): string {
  if (specifier.type !== 'ImportSpecifier') return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*';
  return specifier.imported.type === 'Identifier' ? specifier.imported.name : specifier.imported.value;
}

function resolveSource(path: string, source: string): Pick<Import, 'target' | 'kind'> {
  if (source.startsWith('.')) return { target: join(dirname(path), source), kind: 'own' };
  const bare = source.replace(/^node:/, '');
  if (builtinModules.includes(bare)) return { target: `node:${bare}`, kind: 'builtin' };
  const [scope = '', name = ''] = source.split('/');
  return { target: scope.startsWith('@') ? `${scope}/${name}` : scope, kind: 'package' };
}
